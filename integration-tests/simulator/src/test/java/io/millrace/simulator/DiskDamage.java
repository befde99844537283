package io.millrace.simulator;

import io.millrace.checker.log.LogProblem;
import io.millrace.checker.log.ReplicaLog;
import io.millrace.simulator.ClusterEye.Seen;
import io.millrace.storage.files.MemoryDisk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What befalls disks: F17, F21, F22. */
final class DiskDamage {
  private static final byte BATCH_TAG = 0x0A;

  /** Bytes of an append time, with its tag. */
  private static final int LONGEST_UNCHECKED = 9;

  private final World world;
  private final ClusterEye eye;
  private final CopyAtlas atlas;
  private final Reach reach;
  private final Map<Integer, MemoryDisk> images = new HashMap<>();
  private boolean hasFlippedBits;

  DiskDamage(World world, ClusterEye eye, CopyAtlas atlas, Reach reach) {
    this.world = world;
    this.eye = eye;
    this.atlas = atlas;
    this.reach = reach;
  }

  /**
   * Nothing where no other member of the in-sync set has all that was acknowledged: a partition
   * whose only copy is damaged stays offline until somebody decides. What is hit stands before the
   * last batch, because damage in that one is what a torn write leaves; and it is something that
   * can be told from what was written, which a batch's append time cannot: no checksum covers it.
   */
  void flipBit(Machine machine, int number) {
    List<Path> files = new ArrayList<>();
    eye.partitions()
        .forEach(
            (znode, seen) -> {
              if (hasAnotherCopy(machine, znode, seen)) {
                Path directory =
                    machine.partitionDirectory(Disks.topicIdOf(znode), Disks.partitionOf(znode));
                machine
                    .disk()
                    .contentsIn(directory)
                    .forEach(
                        (name, bytes) -> {
                          if (name.endsWith(".log") && bytes.length > 0) {
                            files.add(directory.resolve(name));
                          }
                        });
              }
            });
    if (files.isEmpty()) {
      return;
    }
    Path file = files.get(number % files.size());
    try {
      byte[] bytes = machine.disk().contents(file);
      int position = flaw(bytes, number / files.size(), number % Byte.SIZE);
      if (position < 0) {
        return;
      }
      machine.disk().flipBit(file, position, number % Byte.SIZE);
    } catch (IOException e) {
      throw new UncheckedIOException(file.toString(), e);
    }
    hasFlippedBits = true;
    reach.count(Reach.Place.BIT_FLIPPED);
    atlas.diskWasDamaged();
  }

  /** A position before the last batch where a flipped bit can be found out, or -1. */
  private static int flaw(byte[] segment, int number, int bit) {
    int end = lastBatch(segment);
    List<LogProblem> known = problems(segment);
    for (int tries = 0; end > 0 && tries < LONGEST_UNCHECKED; tries++) {
      int position = (number + tries) % end;
      byte[] flawed = segment.clone();
      flawed[position] ^= (byte) (1 << bit);
      if (!problems(flawed).equals(known)) {
        return position;
      }
    }
    return -1;
  }

  private static List<LogProblem> problems(byte[] segment) {
    return ReplicaLog.of("", new TreeMap<>(Map.of("00.log", segment))).problems();
  }

  /** Where it begins; each is a tag, its size as a varint, and so many bytes. */
  private static int lastBatch(byte[] segment) {
    int last = 0;
    int at = 0;
    while (at < segment.length && segment[at] == BATCH_TAG) {
      last = at++;
      int size = 0;
      int shift = 0;
      do {
        size |= (segment[at] & 0x7F) << shift;
        shift += 7;
      } while (at < segment.length - 1 && segment[at++] < 0);
      at += size;
    }
    return last;
  }

  private boolean hasAnotherCopy(Machine machine, String znode, Seen seen) {
    int partition = Disks.partitionOf(znode);
    return seen.content().getInSyncList().stream()
        .filter(member -> member != machine.id())
        .map(member -> world.machines().get(member - 1))
        .filter(other -> machine.state() == Machine.State.DOWN || other.state() == Machine.State.UP)
        .map(other -> Disks.log(other, Disks.topicIdOf(znode), partition))
        .anyMatch(copy -> copy.endOffset() > 0 && atlas.hasAll(partition, copy));
  }

  /** Whether there may be damage that has still to be found and put right. */
  boolean hasFlippedBits() {
    return hasFlippedBits;
  }

  /** Nothing unless another in-sync member runs that has all. */
  void empty(Machine machine) {
    if (!isExpendable(machine)) {
      return;
    }
    machine.losePower(1);
    machine.replaceDisk(new MemoryDisk(0, Machine.DISK_ROOT), true);
    images.remove(machine.id()); // they are another broker directory's now
    reach.count(Reach.Place.DISK_REPLACED);
    atlas.diskWasDamaged();
  }

  private boolean isExpendable(Machine machine) {
    return eye.partitions().entrySet().stream()
        .filter(each -> each.getValue().content().getReplicasList().contains(machine.id()))
        .allMatch(each -> hasAnotherCopy(machine, each.getKey(), each.getValue()));
  }

  /** Of what is on the disk by now. */
  void takeImage(Machine machine) {
    MemoryDisk image = machine.disk().copy(0);
    image.losePower(1);
    images.put(machine.id(), image);
  }

  /**
   * Nothing when none was taken. One of an earlier life is known by its incarnation for what it is;
   * one of the same life is a disk that has taken a force back: of that a broker can tell only what
   * its partitions' nodes say it had flushed, and the atlas permits the rest.
   */
  void returnImage(Machine machine) {
    MemoryDisk image = images.get(machine.id());
    if (image != null) {
      machine.losePower(1);
      machine.replaceDisk(image, false);
      reach.count(Reach.Place.DISK_REPLACED);
      atlas.diskWasDamaged();
    }
  }
}
