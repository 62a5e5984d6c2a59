"""The embedded store: one process that owns a chDB engine and speaks the ClickHouse native protocol.

launch.py    client side: find or start the store of a data folder (imports no chdb)
process.py   what the store process runs: lock, port, options;  owner.py  engine, address file, signals
files.py     lock, address and credentials files of a data folder
server.py    accept loop and clean stop;  watcher.py  cancel and hang-up of running queries
merges.py    merges wait while very much is inserted
connection.py  one client's protocol state machine;  handshake.py, requests.py, scope.py: its parts
session.py   one client's engine session: settings, parameters, statements, result streams
insert.py    rows on their way into the engine
engine.py    the engine itself: database, configuration, self-test
roles.py     what writer and reader may run;  statements.py, tokens.py: how text is understood
walker.py    where a Native block ends and its columns start;  wire.py, frames.py: bytes
"""
