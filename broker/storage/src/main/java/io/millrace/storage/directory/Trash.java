package io.millrace.storage.directory;

import io.millrace.storage.files.DirectoryEntry;
import io.millrace.storage.files.Disk;
import io.millrace.storage.files.FileKind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.OptionalLong;

/**
 * Where the directories of deleted partitions wait; the time of their deletion is in their names.
 * Deletes nothing that it has not taken itself. Blocks on the disk.
 */
final class Trash {
  private final Disk disk;
  private final DataPaths paths;

  Trash(Disk disk, DataPaths paths) {
    this.disk = disk;
    this.paths = paths;
  }

  /** Durable when it returns; a crash before leaves the directory whole, here or there. */
  void take(PartitionName partition, long wallMillis) throws IOException {
    if (disk.kind(paths.trash()) == FileKind.ABSENT) {
      disk.createDirectory(paths.trash());
      disk.syncDirectory(paths.root());
    }
    long time = wallMillis;
    Path target = paths.trashed(partition, time);
    while (disk.kind(target) != FileKind.ABSENT) {
      target = paths.trashed(partition, ++time);
    }
    disk.rename(paths.partition(partition), target);
    disk.syncDirectory(paths.trash());
    disk.syncDirectory(paths.root());
  }

  /** Returns how many directories it deleted. */
  int empty(long untilWallMillis) throws IOException {
    if (disk.kind(paths.trash()) != FileKind.DIRECTORY) {
      return 0;
    }
    int deleted = 0;
    for (DirectoryEntry entry : disk.list(paths.trash())) {
      OptionalLong time = takenAt(entry);
      if (time.isPresent() && time.getAsLong() <= untilWallMillis) {
        Path directory = paths.trash().resolve(entry.name());
        for (DirectoryEntry file : disk.list(directory)) {
          disk.delete(directory.resolve(file.name()));
        }
        disk.delete(directory);
        deleted++;
      }
    }
    return deleted;
  }

  /** Empty for what was put here by somebody else. */
  private static OptionalLong takenAt(DirectoryEntry entry) {
    int dot = entry.name().lastIndexOf('.');
    boolean ours =
        entry.isDirectory()
            && dot > 0
            && PartitionName.parse(entry.name().substring(0, dot)).isPresent()
            && entry.name().substring(dot + 1).matches("[0-9]{1,18}");
    return ours
        ? OptionalLong.of(Long.parseLong(entry.name().substring(dot + 1)))
        : OptionalLong.empty();
  }
}
