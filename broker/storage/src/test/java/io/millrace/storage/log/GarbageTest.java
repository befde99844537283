package io.millrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.files.DirectoryEntry;
import io.millrace.storage.files.FileKind;
import io.millrace.storage.files.MemoryDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Whatever stands on the disk, opening a log ends in a log or in a reason. */
class GarbageTest {
  private MemoryDisk disk;
  private LogFixture fixture;
  private List<String> written = List.of();

  @BeforeEach
  void writeALog() throws IOException {
    disk = LogFixture.memoryDisk(1);
    fixture = LogFixture.inMemory(disk);
    fixture.config = new LogConfig(3000, 1 << 30, 300, 1000, 1 << 20);
    fixture.start();
    PartitionLog log = fixture.open();
    fixture.beginEpoch(log, 3);
    for (int i = 0; i < 60; i++) {
      fixture.append(log, Batches.single("value " + i));
    }
    fixture.beginEpoch(log, 4);
    fixture.append(log, Batches.single("last"));
    fixture.flushNow(log);
    fixture.housekeeping.advanceMillis(5_000);
    fixture.settle();
    written = fixture.readAll(log, 0, 1 << 20);
    disk.losePower(0);
  }

  private List<Path> files() throws IOException {
    List<Path> paths = new ArrayList<>();
    for (DirectoryEntry entry : disk.list(fixture.partitionDirectory())) {
      paths.add(fixture.partitionDirectory().resolve(entry.name()));
    }
    paths.add(fixture.root.resolve("checkpoint"));
    paths.add(fixture.root.resolve("run"));
    return paths;
  }

  @Test
  @DisplayName("f17, f18: a log with any file damaged is what it was, or ends early, or is refused")
  void f17_servesNothingThatWasNotWritten() throws IOException {
    List<Path> files = files();
    Path checkpoint = fixture.root.resolve("checkpoint");
    int refused = 0;
    for (int seed = 0; seed < 1500; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      MemoryDisk damaged = disk.copy(seed);
      Path file = files.get(random.nextInt(files.size()));
      damaged.put(file, garbled(damaged.contents(file), random));
      if (damaged.kind(checkpoint) == FileKind.FILE && !file.equals(checkpoint)) {
        damaged.delete(checkpoint); // so that all is read again
      }
      LogFixture restarted = LogFixture.inMemory(damaged);
      restarted.start();
      LogOpening opening = restarted.tryOpen();
      if (opening instanceof LogOpening.Opened opened) {
        List<String> found = restarted.readAll(opened.log(), 0, 500);
        assertThat(found).as(file + ", seed " + seed).isEqualTo(written.subList(0, found.size()));
      } else {
        String why = ((LogOpening.Offline) opening).why();
        assertThat(why).as("seed " + seed).contains("/memory/data").doesNotContain("Exception");
        refused++;
      }
    }
    assertThat(refused).isPositive();
  }

  private static byte[] garbled(byte[] bytes, SplittableRandom random) {
    byte[] copy = bytes.clone();
    switch (random.nextInt(5)) {
      case 0 -> copy = Arrays.copyOf(copy, random.nextInt(copy.length + 1));
      case 1 -> copy = Arrays.copyOf(copy, copy.length + 1 + random.nextInt(5000));
      case 2 -> {
        copy = Arrays.copyOf(copy, copy.length + 1 + random.nextInt(500));
        byte[] noise = new byte[copy.length - bytes.length];
        random.nextBytes(noise);
        System.arraycopy(noise, 0, copy, bytes.length, noise.length);
      }
      case 3 -> {
        for (int i = 0; copy.length > 0 && i < 1 + random.nextInt(4); i++) {
          copy[random.nextInt(copy.length)] ^= (byte) (1 << random.nextInt(8));
        }
      }
      default -> {
        if (copy.length > 0) {
          int from = random.nextInt(copy.length);
          Arrays.fill(copy, from, Math.min(copy.length, from + random.nextInt(600)), (byte) 0);
        }
      }
    }
    return copy;
  }

  @Test
  @DisplayName("b85: no bytes make the index reader do anything but refuse them")
  void b85_readsAnyBytesAsAnIndex() {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = new byte[random.nextInt(80)];
      random.nextBytes(bytes);
      if (bytes.length > 2) {
        bytes[0] = 0x0A;
        bytes[1] = (byte) (bytes.length - 2);
      }
      IndexFile.Content content =
          IndexFile.parse(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN), 0, 1000, 100);
      assertThat(content.problem() == null).isEqualTo(bytes.length == 0);
    }
  }
}
