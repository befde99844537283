package io.millrace.storage.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.storage.files.DirectoryEntry;
import io.millrace.storage.files.DiskOperation;
import io.millrace.storage.files.FileKind;
import io.millrace.storage.files.MemoryDisk;
import io.millrace.storage.files.NioDisk;
import io.millrace.storage.files.SimulatedCrash;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DataDirectoryTest {
  private static final Path ROOT = Path.of("/memory/data");
  private static final PartitionName NAME = new PartitionName("orders~k3v9x2qa", 0);
  private static final int BROKER = 7;

  private final MemoryDisk disk = new MemoryDisk(1, Path.of("/memory"));

  private DataDirectory open() {
    return ((DataDirectory.Opening.Opened) tryOpen(BROKER)).directory();
  }

  private DataDirectory.Opening tryOpen(int broker) {
    return DataDirectory.open(disk, ROOT, broker, new Random(1));
  }

  private String refusal(int broker) {
    DataDirectory.Opening opening = tryOpen(broker);
    assertThat(opening).isInstanceOf(DataDirectory.Opening.Refused.class);
    return ((DataDirectory.Opening.Refused) opening).why();
  }

  private DataDirectory run(int incarnation) throws IOException {
    DataDirectory directory = open();
    assertThat(directory.adopt("cluster")).isEmpty();
    directory.recordRun(incarnation);
    return directory;
  }

  /** One partition with a log of four bytes. */
  private LogEnd makeLog(DataDirectory directory) throws IOException {
    Path partition = directory.createPartition(NAME);
    directory.syncPartitions();
    disk.put(DataPaths.log(partition, 5), new byte[4]);
    return new LogEnd(9, 2, 1, 5, 4, 77, 9);
  }

  private void stopCleanly(DataDirectory directory, int incarnation, LogEnd end)
      throws IOException {
    directory.writeCleanMark(incarnation, Map.of(NAME, end));
    directory.close();
  }

  @Test
  void startsInDoubtInANewDirectory() throws IOException {
    DataDirectory directory = open();
    assertThat(directory.startState())
        .isEqualTo(new StartState.Doubtful("the directory is new", OptionalInt.empty()));
    assertThat(directory.identity()).isEmpty();
    assertThat(directory.directoryId()).matches("[a-z2-7]{22}");
    assertThat(directory.adopt("cluster")).isEmpty();
    assertThat(directory.identity())
        .contains(new Identity("cluster", directory.directoryId(), BROKER));
  }

  @Test
  void keepsItsIdentity() throws IOException {
    String id = run(1).directoryId();
    disk.losePower(1);
    assertThat(open().identity()).contains(new Identity("cluster", id, BROKER));
  }

  @Test
  void b64_refusesTheDirectoryOfAnotherBroker() throws IOException {
    run(1).close();
    assertThat(refusal(8)).contains("belongs to broker 7").contains("this is broker 8");
  }

  @Test
  void b64_refusesTheDirectoryOfAnotherClusterAndLeavesItAsItWas() throws IOException {
    DataDirectory first = run(1);
    stopCleanly(first, 1, makeLog(first));
    DataDirectory directory = open();
    assertThat(directory.adopt("other").orElseThrow())
        .contains("data of cluster cluster")
        .contains("this is cluster other");
    directory.close();
    assertThat(open().startState()).isEqualTo(new StartState.Clean(1));
  }

  @Test
  void b65_refusesADirectoryInUse() throws IOException {
    run(1);
    assertThat(refusal(BROKER)).contains("in use by another broker").contains(".lock");
  }

  @Test
  void b65_refusesAFile() {
    disk.put(ROOT, new byte[0]);
    assertThat(refusal(BROKER)).contains("is a file");
  }

  @Test
  void b65_refusesADirectoryWhoseParentIsMissing() {
    DataDirectory.Opening opening =
        DataDirectory.open(disk, Path.of("/memory/no/data"), BROKER, new Random(1));
    assertThat(opening.toString()).contains("does not exist").contains("mounted");
  }

  @Test
  void b65_refusesALinkAndAReadOnlyDirectory(@TempDir Path folder) throws IOException {
    Path target = Files.createDirectory(folder.resolve("target"));
    Path link = Files.createSymbolicLink(folder.resolve("data"), target);
    assertThat(DataDirectory.open(new NioDisk(), link, BROKER, new Random(1)).toString())
        .contains("is a link");

    disk.createDirectory(ROOT);
    disk.setFaults(
        (operation, path) -> {
          if (operation == DiskOperation.OPEN) {
            throw new java.nio.file.FileSystemException(
                path.toString(), null, "Read-only file system");
          }
        });
    assertThat(refusal(BROKER)).contains("cannot be used").contains("Read-only file system");
  }

  @Test
  void b65_holdsTheLockOfTheRealDisk(@TempDir Path folder) throws IOException {
    NioDisk real = new NioDisk();
    Path root = folder.resolve("data");
    DataDirectory.Opening first = DataDirectory.open(real, root, BROKER, new Random(1));
    assertThat(first).isInstanceOf(DataDirectory.Opening.Opened.class);
    assertThat(DataDirectory.open(real, root, BROKER, new Random(1)))
        .isInstanceOf(DataDirectory.Opening.Refused.class);
    assertThat(Files.readString(root.resolve(".lock")))
        .isEqualTo(ProcessHandle.current().pid() + "\n");
    ((DataDirectory.Opening.Opened) first).directory().close();
    assertThat(DataDirectory.open(real, root, BROKER, new Random(1)))
        .isInstanceOf(DataDirectory.Opening.Opened.class);
  }

  @Test
  void b90_refusesDataWithoutIdentity() throws IOException {
    DataDirectory directory = run(1);
    directory.createPartition(NAME);
    directory.close();
    disk.delete(ROOT.resolve("meta.properties"));
    assertThat(refusal(BROKER)).contains("not empty").contains("meta.properties");
  }

  @Test
  void b90_startsOverWhereTheFirstStartNeverGotToItsIdentity() throws IOException {
    disk.createDirectory(ROOT);
    disk.put(ROOT.resolve(".lock"), new byte[] {'1'});
    disk.put(ROOT.resolve("meta.properties.tmp"), new byte[] {'#'});
    assertThat(open().adopt("cluster")).isEmpty();
  }

  @Test
  @DisplayName("f17: no flipped bit and no cut of the identity file goes unnoticed")
  void f17_refusesADamagedIdentity() throws IOException {
    run(1).close();
    Path path = ROOT.resolve("meta.properties");
    byte[] good = disk.contents(path);
    for (int at = 0; at < good.length; at++) {
      for (int bit = 0; bit < 8; bit++) {
        disk.flipBit(path, at, bit);
        assertThat(tryOpen(BROKER)).isInstanceOf(DataDirectory.Opening.Refused.class);
        disk.flipBit(path, at, bit);
      }
      disk.put(path, java.util.Arrays.copyOf(good, at));
      assertThat(tryOpen(BROKER)).isInstanceOf(DataDirectory.Opening.Refused.class);
      disk.put(path, good);
    }
    assertThat(tryOpen(BROKER)).isInstanceOf(DataDirectory.Opening.Opened.class);
  }

  @Test
  void refusesAFormatOfTheFuture() throws IOException {
    run(1).close();
    new CheckedText("identity", 1, 4096)
        .replace(
            disk,
            ROOT.resolve("meta.properties"),
            List.of("cluster.id=c", "directory.id=d", "broker.id=7", "format.version=2"));
    assertThat(refusal(BROKER)).contains("format 2");
  }

  @Test
  void tellsACleanStop() throws IOException {
    DataDirectory directory = run(3);
    LogEnd end = makeLog(directory);
    stopCleanly(directory, 3, end);
    disk.losePower(1);

    DataDirectory again = open();
    assertThat(again.startState()).isEqualTo(new StartState.Clean(3));
    assertThat(again.takeCleanEnd(NAME)).contains(end);
    assertThat(again.takeCleanEnd(NAME)).isEmpty();
  }

  @Test
  void tellsAProcessCrashFromAMachineCrash() throws IOException {
    run(3);
    disk.killProcess();
    DataDirectory again = open();
    assertThat(again.startState()).isEqualTo(new StartState.ProcessCrash(3));
    again.close();
    disk.losePower(1);
    assertThat(open().startState())
        .isEqualTo(
            new StartState.Doubtful(
                "the last run did not stop cleanly, and the machine has restarted since",
                OptionalInt.of(3)));
  }

  @Test
  @DisplayName("h10: a doubtful start stays doubtful until its run is recorded")
  void h10_staysDoubtfulUntilTheRunIsRecorded() throws IOException {
    run(3);
    disk.losePower(1);
    assertThat(open().adopt("cluster")).isEmpty();
    disk.killProcess();
    DataDirectory again = open();
    assertThat(again.startState()).isInstanceOf(StartState.Doubtful.class);
    again.adopt("cluster");
    again.recordRun(4);
    disk.killProcess();
    assertThat(open().startState()).isEqualTo(new StartState.ProcessCrash(4));
  }

  @Test
  void removesTheCleanMarkDurablyBeforeAnythingIsServed() throws IOException {
    DataDirectory directory = run(3);
    stopCleanly(directory, 3, makeLog(directory));
    assertThat(open().adopt("cluster")).isEmpty();
    disk.losePower(1);
    assertThat(open().startState()).isInstanceOf(StartState.Doubtful.class);
  }

  @Test
  void b88_takesAMarkOfALogThatIsShorterNowForNone() throws IOException {
    DataDirectory directory = run(3);
    stopCleanly(directory, 3, makeLog(directory));
    disk.put(DataPaths.log(ROOT.resolve(NAME.directoryName()), 5), new byte[3]);
    disk.losePower(1);
    assertThat(open().startState().toString()).contains("Doubtful").contains("has 3 bytes, 4");
  }

  @Test
  void b88_takesAMarkOfALogThatIsGoneForNone() throws IOException {
    DataDirectory directory = run(3);
    stopCleanly(directory, 3, makeLog(directory));
    disk.delete(DataPaths.log(ROOT.resolve(NAME.directoryName()), 5));
    assertThat(open().startState()).isEqualTo(new StartState.ProcessCrash(3));
  }

  @Test
  void b88_takesAMarkOfAnotherLifeForNone() throws IOException {
    DataDirectory directory = run(3);
    stopCleanly(directory, 2, makeLog(directory));
    disk.losePower(1);
    assertThat(open().startState().toString()).contains("not of the last run");
  }

  @Test
  void f17_takesADamagedMarkForNone() throws IOException {
    DataDirectory directory = run(3);
    stopCleanly(directory, 3, makeLog(directory));
    disk.flipBit(ROOT.resolve("clean-shutdown"), 40, 2);
    assertThat(open().startState()).isEqualTo(new StartState.ProcessCrash(3));
  }

  @Test
  void remembersCheckpointsOfAllPartitions() throws IOException {
    DataDirectory directory = run(1);
    PartitionName other = new PartitionName("orders~k3v9x2qa", 11);
    directory.writeCheckpoint(Map.of(NAME, new CheckpointEntry(100, 90, 4, "boot")));
    directory.writeCheckpoint(Map.of(other, new CheckpointEntry(7, 0, -1, "-")));
    disk.losePower(1);
    DataDirectory again = open();
    assertThat(again.lastCheckpoint(NAME)).isEqualTo(new CheckpointEntry(100, 90, 4, "boot"));
    assertThat(again.lastCheckpoint(other)).isEqualTo(new CheckpointEntry(7, 0, -1, "-"));
    assertThat(again.lastCheckpoint(new PartitionName("x~aaaaaaaa", 0)))
        .isEqualTo(CheckpointEntry.NOTHING);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "orders~k3v9x2qa-0 recovery=-1 highwatermark=0 epoch=0 boot=x",
        "orders~k3v9x2qa-0 recovery=1 highwatermark=-5 epoch=0 boot=x",
        "orders~k3v9x2qa-0 recovery=1 highwatermark=0 epoch=-2 boot=x",
        "orders~k3v9x2qa-0 recovery=9223372036854775808 highwatermark=0 epoch=0 boot=x",
        "orders~k3v9x2qa-0 recovery=01 highwatermark=0 epoch=0 boot=x",
        "orders~k3v9x2qa-0 recovery=1 highwatermark=0",
        "orders-0 recovery=1 highwatermark=0 epoch=0 boot=x",
        "",
        "nonsense"
      })
  void b87_ignoresACheckpointLineThatCannotBe(String line) throws IOException {
    run(1).close();
    new CheckedText("checkpoint", 1, 4096).replace(disk, ROOT.resolve("checkpoint"), List.of(line));
    assertThat(open().lastCheckpoint(NAME)).isEqualTo(CheckpointEntry.NOTHING);
  }

  @Test
  void b89_namesStrangersAndTouchesNone() throws IOException {
    DataDirectory directory = run(1);
    directory.createPartition(NAME);
    List<String> strange = List.of("checkpoint~", "notes.swap", "orders-0", "x.deleted");
    strange.forEach(name -> disk.put(ROOT.resolve(name), new byte[0]));
    disk.put(ROOT.resolve("run.tmp"), new byte[0]);
    assertThat(directory.strangers()).containsExactlyElementsOf(strange);
    assertThat(directory.partitions()).containsExactly(NAME);
  }

  @Test
  @DisplayName("r23: a partition nobody knows is listed, and stays")
  void r23_keepsPartitionsThatNobodyKnows() throws IOException {
    DataDirectory directory = run(1);
    directory.createPartition(NAME);
    directory.syncPartitions();
    disk.losePower(1);
    DataDirectory again = run(2);
    assertThat(again.partitions()).containsExactly(NAME);
    assertThat(again.emptyTrash(Long.MAX_VALUE)).isZero();
    assertThat(again.partitions()).containsExactly(NAME);
  }

  @Test
  void putsPartitionsIntoTheTrashAndEmptiesItByAge() throws IOException {
    DataDirectory directory = run(1);
    makeLog(directory);
    directory.writeCheckpoint(Map.of(NAME, new CheckpointEntry(9, 9, 2, "-")));
    directory.moveToTrash(NAME, 1000);
    makeLog(directory);
    directory.moveToTrash(NAME, 1000);
    disk.losePower(1);

    DataDirectory again = run(2);
    assertThat(again.partitions()).isEmpty();
    assertThat(again.emptyTrash(999)).isZero();
    assertThat(again.emptyTrash(1000)).isEqualTo(1);
    assertThat(again.emptyTrash(1001)).isEqualTo(1);
    assertThat(disk.list(ROOT.resolve("trash"))).isEmpty();
  }

  @Test
  @DisplayName("wherever the process or the machine stops, a small file is the old or the new one")
  void replacesSmallFilesAtomically() throws IOException {
    CheckedText text = new CheckedText("thing", 1, 4096);
    Path path = Path.of("/memory/thing");
    for (int step = 1; step < 20; step++) {
      for (int seed = 0; seed < 20; seed++) {
        MemoryDisk each = new MemoryDisk(seed, Path.of("/memory"));
        text.replace(each, path, List.of("old"));
        each.crashAt(each.steps() + step);
        boolean returned = true;
        try {
          text.replace(each, path, List.of("new"));
        } catch (SimulatedCrash expected) {
          returned = false;
        }
        each.losePower(0.5);
        CheckedText.Content content = text.read(each, path);
        List<String> lines = ((CheckedText.Content.Lines) content).lines();
        assertThat(lines).isIn(List.of("old"), List.of("new"));
        if (returned) {
          assertThat(lines).containsExactly("new");
        }
        text.replace(each, path, List.of("next"));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ".",
        "..",
        "a",
        "a~",
        "~abcdefgh",
        "a/b~abcdefgh",
        "a\\b~abcdefgh",
        "a~abcdefg",
        "a~abcdefghi",
        "a~ABCDEFGH",
        "../x~abcdefgh",
        "a\0~abcdefgh",
        "%2e%2e",
        "a\n~abcdefgh",
        "\u202e~abcdefgh"
      })
  void b58_makesNoPathOfAnythingButATopicId(String topicId) {
    assertThatThrownBy(() -> new PartitionName(topicId, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(PartitionName.parse(topicId + "-0")).isEmpty();
  }

  @Test
  void b58_boundsTheLengthOfAName() {
    String longest = "a".repeat(200) + "~abcdefgh";
    assertThat(new PartitionName(longest, 123_456_789).directoryName()).hasSizeLessThan(256);
    assertThatThrownBy(() -> new PartitionName("a" + longest, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(longest.getBytes(StandardCharsets.US_ASCII)).hasSize(209);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"a~abcdefgh", "a~abcdefgh-", "a~abcdefgh-01", "a~abcdefgh--1", "a~abcdefgh-x"})
  void readsPartitionNamesInTheirOnlySpelling(String name) {
    assertThat(PartitionName.parse(name)).isEmpty();
  }

  @Test
  void makesADirectoryWhoseParentStands() throws IOException {
    assertThat(disk.kind(ROOT)).isEqualTo(FileKind.ABSENT);
    open();
    assertThat(disk.list(Path.of("/memory"))).extracting(DirectoryEntry::name).contains("data");
  }
}
