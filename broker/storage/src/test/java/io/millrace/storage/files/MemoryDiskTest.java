package io.millrace.storage.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MemoryDiskTest extends DiskContract {
  private static final Path ROOT = Path.of("/memory/data");
  private final MemoryDisk disk = new MemoryDisk(1, ROOT);

  @Override
  Disk disk() {
    return disk;
  }

  @Override
  Path root() {
    return ROOT;
  }

  private final Path path = ROOT.resolve("file");

  private static ByteBuffer pages(int count, int value) {
    byte[] bytes = new byte[count * MemoryInode.PAGE];
    Arrays.fill(bytes, (byte) value);
    return ByteBuffer.wrap(bytes);
  }

  @Test
  void losesAtAPowerLossWhatWasNotForced() throws IOException {
    DiskFile file = disk.create(path);
    file.write(0, pages(1, 1));
    file.force();
    disk.syncDirectory(ROOT);
    file.write(MemoryInode.PAGE, pages(1, 2));

    disk.losePower(1);

    assertThat(Arrays.equals(disk.contents(path), pages(1, 1).array())).isTrue();
    assertThatThrownBy(file::size).isInstanceOf(IOException.class);
  }

  @Test
  void losesPagesEachForItself() throws IOException {
    Set<String> outcomes = new HashSet<>();
    for (int seed = 0; seed < 40; seed++) {
      MemoryDisk each = new MemoryDisk(seed, ROOT);
      DiskFile file = each.create(path);
      file.write(0, pages(3, 0));
      file.force();
      each.syncDirectory(ROOT);
      file.write(0, pages(3, 1));
      each.losePower(0.5);
      byte[] left = each.contents(path);
      outcomes.add("" + left[0] + left[MemoryInode.PAGE] + left[2 * MemoryInode.PAGE]);
    }
    assertThat(outcomes).contains("000", "111", "010", "101");
  }

  @Test
  void losesNamesThatWereNotSynced() throws IOException {
    disk.create(path).close();
    disk.syncDirectory(ROOT);
    disk.rename(path, ROOT.resolve("renamed"));
    disk.create(ROOT.resolve("fresh")).close();

    disk.losePower(1);

    assertThat(disk.list(ROOT)).extracting(DirectoryEntry::name).containsExactly("file");
  }

  @Test
  void keepsEverythingWhenOnlyTheProcessDies() throws IOException {
    DiskFile file = disk.create(path);
    file.write(0, pages(1, 7));
    String boot = disk.bootId().orElseThrow();

    disk.killProcess();

    assertThat(Arrays.equals(disk.contents(path), pages(1, 7).array())).isTrue();
    assertThat(disk.bootId()).contains(boot);
    assertThatThrownBy(() -> file.write(0, pages(1, 8))).isInstanceOf(IOException.class);
  }

  @Test
  void r21_dropsThePagesOfAFailedForceThoughTheNextSucceeds() throws IOException {
    DiskFile file = disk.create(path);
    disk.syncDirectory(ROOT);
    file.write(0, pages(1, 1));
    disk.failForce(path);
    assertThatThrownBy(file::force).isInstanceOf(ForceFailedException.class);
    file.force();

    assertThat(disk.contents(path)[0]).isEqualTo((byte) 1);
    disk.losePower(0);
    assertThat(disk.contents(path)[0]).isZero();
  }

  @Test
  void fillsUp() throws IOException {
    DiskFile file = disk.create(path);
    disk.limitBytes(5000);
    assertThatThrownBy(() -> file.write(0, pages(2, 1))).isInstanceOf(DiskFullException.class);
    assertThat(file.size()).isEqualTo(5000);
    assertThat(disk.usableBytes(ROOT)).isZero();
    file.truncate(0);
    file.write(0, pages(1, 1));
  }

  @Test
  void crashesInTheMiddleOfAWrite() throws IOException {
    DiskFile file = disk.create(path);
    disk.crashAt(disk.steps() + 1);
    assertThatThrownBy(() -> file.write(0, pages(1, 1))).isInstanceOf(SimulatedCrash.class);
    assertThatThrownBy(file::size).isInstanceOf(SimulatedCrash.class);
    disk.killProcess();
    assertThat(disk.contents(path).length).isBetween(0, MemoryInode.PAGE);
  }

  @Test
  void failsAndStallsAsTold() throws IOException {
    DiskFile file = disk.create(path);
    disk.setFaults(
        (operation, where) -> {
          if (operation == DiskOperation.READ && where.equals(path)) {
            throw new IOException("Input/output error");
          }
        });
    assertThatThrownBy(() -> file.read(0, ByteBuffer.allocate(1))).hasMessage("Input/output error");
    file.write(0, pages(1, 1));
  }

  @Test
  void f22_bringsBackAnOldImage() throws IOException {
    disk.put(path, new byte[] {1});
    MemoryDisk image = disk.copy(2);
    disk.put(path, new byte[] {2});
    disk.restore(image);
    assertThat(disk.contents(path)).containsExactly(1);
  }

  @Test
  void flipsABitAtRest() throws IOException {
    disk.put(path, new byte[] {0, 0});
    disk.flipBit(path, 1, 3);
    disk.losePower(1);
    assertThat(disk.contents(path)).containsExactly(0, 8);
  }
}
