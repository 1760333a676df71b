"""What can be measured, per AWS service: metric factories that cannot make a metric which AWS does not emit."""
