package io.millrace.simulator;

import io.millrace.simulator.ClusterEye.Seen;
import io.millrace.storage.files.MemoryDisk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What befalls a disk while no process uses it: F17, F21, F22. */
final class DiskDamage {
  private final World world;
  private final ClusterEye eye;
  private final CopyAtlas atlas;
  private final Reach reach;
  private final Map<Integer, MemoryDisk> images = new HashMap<>();

  DiskDamage(World world, ClusterEye eye, CopyAtlas atlas, Reach reach) {
    this.world = world;
    this.eye = eye;
    this.atlas = atlas;
    this.reach = reach;
  }

  /**
   * Nothing on a machine that runs, nor where no other member of the in-sync set has all that was
   * acknowledged: a partition whose only copy is damaged stays offline until somebody decides. Of
   * logs without records nobody can tell whether they are damaged.
   */
  void flipBit(Machine machine, int number) {
    List<Path> files = new ArrayList<>();
    eye.partitions()
        .forEach(
            (znode, seen) -> {
              if (machine.state() == Machine.State.DOWN && hasAnotherCopy(machine, znode, seen)) {
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
      int size = machine.disk().contents(file).length;
      machine.disk().flipBit(file, number / files.size() % size, number % Byte.SIZE);
    } catch (IOException e) {
      throw new UncheckedIOException(file.toString(), e);
    }
    reach.count(Reach.Place.BIT_FLIPPED);
    atlas.diskWasDamaged();
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

  /** Nothing unless another in-sync member runs that has all. */
  void empty(Machine machine) {
    boolean mayGo =
        eye.partitions().entrySet().stream()
            .filter(each -> each.getValue().content().getReplicasList().contains(machine.id()))
            .allMatch(each -> hasAnotherCopy(machine, each.getKey(), each.getValue()));
    if (!mayGo) {
      return;
    }
    machine.losePower(1);
    machine.replaceDisk(new MemoryDisk(0, Machine.DISK_ROOT), true);
    images.remove(machine.id()); // they are another broker directory's now
    reach.count(Reach.Place.DISK_REPLACED);
    atlas.diskWasDamaged();
  }

  /** Of what is on the disk by now. */
  void takeImage(Machine machine) {
    MemoryDisk image = machine.disk().copy(0);
    image.losePower(1);
    images.put(machine.id(), image);
  }

  /** Nothing when none was taken. */
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
