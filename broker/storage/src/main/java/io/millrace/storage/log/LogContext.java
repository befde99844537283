package io.millrace.storage.log;

import io.millrace.rpc.EventLoop;
import io.millrace.storage.directory.PartitionName;
import io.millrace.storage.files.Disk;
import java.nio.file.Path;
import java.util.function.Supplier;

/**
 * What a log's parts share and do not own.
 *
 * @param owner of the log, and of everything that is not said to be another's
 * @param housekeeping may block on the disk
 */
record LogContext(
    PartitionName name,
    Path directory,
    Disk disk,
    EventLoop owner,
    EventLoop housekeeping,
    LoopScratch scratch,
    OpenFiles openFiles,
    FlushQueue flushQueue,
    SegmentRemoval removal,
    ColdReads coldReads,
    FullDisk fullDisk,
    StorageCounters counters,
    Supplier<HotTail> hotTails) {
  HotTail newHotTail() {
    return hotTails.get();
  }
}
