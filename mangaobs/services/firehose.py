"""Amazon Data Firehose: a delivery stream, whose metrics of delivery are named after its destination.

Source of what exists: the catalog's AWS.Firehose file, after the Amazon Data Firehose Developer Guide, "Monitor Amazon
Data Firehose with CloudWatch metrics".
"""

from __future__ import annotations

from typing import ClassVar, Literal

from mangaobs.model.metric import Metric
from mangaobs.model.value import Value
from mangaobs.services._resource import Resource

Destination = Literal["s3", "redshift", "opensearch", "opensearch-serverless", "snowflake", "splunk", "http"]

_DELIVERY: dict[Destination, str] = {
    "s3": "DeliveryToS3",
    "redshift": "DeliveryToRedshift",
    "opensearch": "DeliveryToAmazonOpenSearchService",
    "opensearch-serverless": "DeliveryToAmazonOpenSearchServerless",
    "snowflake": "DeliveryToSnowflake",
    "splunk": "DeliveryToSplunk",
    "http": "DeliveryToHttpEndpoint",
}


class DeliveryStream(Resource, frozen=True, kw_only=True):
    """A delivery stream and where it delivers to."""

    namespace: ClassVar[str] = "AWS/Firehose"
    name: Value
    destination: Destination = "s3"

    def delivery_data_freshness(self) -> Metric:
        """Seconds since the oldest record that is still in Firehose arrived: everything older is delivered."""
        return self._delivery("DataFreshness")

    def delivery_success(self) -> Metric:
        """Deliveries to the destination that succeeded; the average is their share, 0 to 1."""
        return self._delivery("Success")

    def delivery_records(self) -> Metric:
        """Records that were delivered."""
        return self._delivery("Records")

    def delivery_bytes(self) -> Metric:
        """Bytes that were delivered."""
        return self._delivery("Bytes")

    def throttled_records(self) -> Metric:
        """Records that were refused since a limit of the delivery stream was reached (direct PUT)."""
        return self._delivery_stream("ThrottledRecords")

    def incoming_records(self) -> Metric:
        """Records that were put into the delivery stream (direct PUT), throttled ones not included."""
        return self._delivery_stream("IncomingRecords")

    def incoming_bytes(self) -> Metric:
        """Bytes that were put into the delivery stream (direct PUT), throttled ones not included."""
        return self._delivery_stream("IncomingBytes")

    def incoming_put_requests(self) -> Metric:
        """PutRecord and PutRecordBatch requests that succeeded, throttled ones not included."""
        return self._delivery_stream("IncomingPutRequests")

    def _delivery(self, what: str) -> Metric:
        return self._delivery_stream(f"{_DELIVERY[self.destination]}.{what}")

    def _delivery_stream(self, name: str) -> Metric:
        return self.metric(name, DeliveryStreamName=self.name)
