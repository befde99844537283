package io.millrace.storage.log;

import io.millrace.rpc.EventLoop;
import io.millrace.storage.directory.PartitionName;
import io.millrace.storage.files.Disk;
import java.nio.file.Path;

/** What a log's parts share and do not own. */
record LogContext(
    PartitionName name,
    Path directory,
    Disk disk,
    EventLoop owner,
    LoopScratch scratch,
    OpenFiles openFiles,
    FlushQueue flushQueue) {}
