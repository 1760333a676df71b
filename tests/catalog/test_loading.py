"""Importing the catalog reads no data; a lookup reads the one file that it needs."""

import subprocess
import sys

PROGRAM = """
import sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
before = set(sys.modules)

def data_files():
    return [path.replace("\\\\", "/").rsplit("/", 1)[1] for path in opened if path.endswith(".json")]

import mangaobs.catalog as catalog
assert data_files() == [], data_files()
assert not {"json", "difflib", "msgspec", "dataclasses", "importlib.resources"} & (set(sys.modules) - before)

catalog.namespaces()
assert data_files() == [], data_files()

catalog.find("AWS/SQS", "NumberOfMessagesSent")
catalog.emits("AWS/SQS", "NumberOfMessagesSent", ["QueueName"])
catalog.metrics("AWS/SQS")
assert data_files() == ["AWS.SQS.json"], data_files()

catalog.find("AWS/Unknown", "X")
assert data_files() == ["AWS.SQS.json"], data_files()

catalog.find("AWS/States", "ExecutionsFailed")
assert data_files() == ["AWS.SQS.json", "AWS.States.json"], data_files()
"""


def test_each_data_file_is_read_on_first_use_and_once():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
