"""What an engineer can, and cannot, ask of a data stream."""

import pytest

from mangaobs.errors import DefinitionError
from mangaobs.services.kinesis import Stream

CLICKS = Stream(key="clicks", name="clickstream")


@pytest.mark.parametrize(
    ("method", "name", "unit"),
    [
        ("iterator_age", "GetRecords.IteratorAgeMilliseconds", "Milliseconds"),
        ("get_records_success", "GetRecords.Success", "Count"),
        ("put_record_success", "PutRecord.Success", "Count"),
        ("put_records_success", "PutRecords.Success", "Count"),
        ("put_records_failed_records", "PutRecords.FailedRecords", "Count"),
        ("put_records_throttled_records", "PutRecords.ThrottledRecords", "Count"),
        ("write_provisioned_throughput_exceeded", "WriteProvisionedThroughputExceeded", "Count"),
        ("read_provisioned_throughput_exceeded", "ReadProvisionedThroughputExceeded", "Count"),
        ("incoming_bytes", "IncomingBytes", "Bytes"),
        ("incoming_records", "IncomingRecords", "Count"),
    ],
)
def test_a_stream_is_measured_under_its_name(method, name, unit):
    metric = getattr(CLICKS, method)()

    assert (metric.namespace, metric.name, metric.unit) == ("AWS/Kinesis", name, unit)
    assert dict(metric.dimensions) == {"StreamName": "clickstream"}


def test_the_iterator_age_under_its_old_name_is_refused_since_it_is_no_longer_published():
    with pytest.raises(DefinitionError, match=r"GetRecords\.IteratorAge"):
        CLICKS.metric("GetRecords.IteratorAge", StreamName="clickstream")
