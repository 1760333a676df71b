"""What a delivery stream measures is named after where it delivers to."""

import pytest

from mangaobs.services.firehose import DeliveryStream


def stream(**settings):
    return DeliveryStream(key="archive", name="chat-archive", **settings)


def test_a_stream_delivers_to_s3_unless_it_says_otherwise():
    freshness = stream().delivery_data_freshness()

    assert (freshness.namespace, freshness.name) == ("AWS/Firehose", "DeliveryToS3.DataFreshness")
    assert freshness.unit == "Seconds"
    assert dict(freshness.dimensions) == {"DeliveryStreamName": "chat-archive"}


@pytest.mark.parametrize(
    ("destination", "prefix"),
    [
        ("s3", "DeliveryToS3"),
        ("redshift", "DeliveryToRedshift"),
        ("opensearch", "DeliveryToAmazonOpenSearchService"),
        ("opensearch-serverless", "DeliveryToAmazonOpenSearchServerless"),
        ("snowflake", "DeliveryToSnowflake"),
        ("splunk", "DeliveryToSplunk"),
        ("http", "DeliveryToHttpEndpoint"),
    ],
)
def test_delivery_is_measured_under_the_destinations_name(destination, prefix):
    given = stream(destination=destination)

    delivery = [
        given.delivery_data_freshness(),
        given.delivery_success(),
        given.delivery_records(),
        given.delivery_bytes(),
    ]
    assert [metric.name for metric in delivery] == [
        f"{prefix}.{what}" for what in ("DataFreshness", "Success", "Records", "Bytes")
    ]


def test_what_arrives_is_named_alike_for_every_destination():
    given = stream(destination="splunk")

    assert [m.name for m in (given.incoming_bytes(), given.incoming_records(), given.throttled_records())] == [
        "IncomingBytes",
        "IncomingRecords",
        "ThrottledRecords",
    ]
