"""Amazon Kinesis Data Streams: a stream.

Source of what exists: the catalog's AWS.Kinesis file, after the Kinesis Data Streams Developer Guide, "Monitor the
Kinesis Data Streams service with CloudWatch".
"""

from __future__ import annotations

from typing import ClassVar

from mangaobs.model.metric import Metric
from mangaobs.model.value import Value
from mangaobs.services._resource import Resource


class Stream(Resource, frozen=True, kw_only=True):
    """A data stream, measured as a whole: shards have metrics only where enhanced monitoring is on.

    The stream of a DynamoDB table has none of these.
    """

    namespace: ClassVar[str] = "AWS/Kinesis"
    name: Value

    def iterator_age(self) -> Metric:
        """Milliseconds since the last record of a GetRecords call was written.

        The maximum is the lag of the slowest reader.
        """
        return self._stream("GetRecords.IteratorAgeMilliseconds")

    def get_records_success(self) -> Metric:
        """GetRecords calls that succeeded; the average is their share, 0 to 1."""
        return self._stream("GetRecords.Success")

    def put_record_success(self) -> Metric:
        """PutRecord calls that succeeded; the average is their share, 0 to 1."""
        return self._stream("PutRecord.Success")

    def put_records_success(self) -> Metric:
        """PutRecords calls in which at least one record succeeded; the average is their share, 0 to 1."""
        return self._stream("PutRecords.Success")

    def put_records_failed_records(self) -> Metric:
        """Records of PutRecords calls that were rejected for internal failures."""
        return self._stream("PutRecords.FailedRecords")

    def put_records_throttled_records(self) -> Metric:
        """Records of PutRecords calls that were rejected since they were throttled."""
        return self._stream("PutRecords.ThrottledRecords")

    def write_provisioned_throughput_exceeded(self) -> Metric:
        """Records that were rejected since the stream's or a shard's write capacity was used up."""
        return self._stream("WriteProvisionedThroughputExceeded")

    def read_provisioned_throughput_exceeded(self) -> Metric:
        """GetRecords calls that were throttled."""
        return self._stream("ReadProvisionedThroughputExceeded")

    def incoming_bytes(self) -> Metric:
        """Bytes that were put into the stream."""
        return self._stream("IncomingBytes")

    def incoming_records(self) -> Metric:
        """Records that were put into the stream."""
        return self._stream("IncomingRecords")

    def _stream(self, name: str) -> Metric:
        return self.metric(name, StreamName=self.name)
