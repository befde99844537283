package io.millrace.storage.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What both the real disk and its twin do; the twin is worth nothing where they differ. */
abstract class DiskContract {
  abstract Disk disk();

  /** An existing, empty directory. */
  abstract Path root();

  private Path file() {
    return root().resolve("file");
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
  }

  private String contents(Path path) throws IOException {
    try (DiskFile file = disk().openForReading(path)) {
      ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
      file.read(0, bytes);
      return new String(bytes.array(), StandardCharsets.US_ASCII);
    }
  }

  @Test
  void writesSeveralBuffersOneBehindTheOtherAtAPosition() throws IOException {
    try (DiskFile file = disk().create(file())) {
      file.write(0, bytes("0123456789"));
      file.write(3, bytes("abc"), bytes(""), bytes("de"));
      file.write(10, bytes("x"));
      assertThat(file.size()).isEqualTo(11);
    }
    assertThat(contents(file())).isEqualTo("012abcde89x");
  }

  @Test
  void writesMoreBuffersThanOneSystemCallTakes() throws IOException {
    ByteBuffer[] buffers = new ByteBuffer[3000];
    for (int i = 0; i < buffers.length; i++) {
      buffers[i] = bytes("ab");
    }
    try (DiskFile file = disk().create(file())) {
      file.write(0, buffers);
      assertThat(file.size()).isEqualTo(6000);
    }
    assertThat(buffers).allMatch(buffer -> !buffer.hasRemaining());
  }

  @Test
  void readsUpToTheEndAndTellsHowMuch() throws IOException {
    try (DiskFile file = disk().create(file())) {
      file.write(0, bytes("abcdef"));
      ByteBuffer into = ByteBuffer.allocate(10);
      into.position(2);
      assertThat(file.read(4, into)).isEqualTo(2);
      assertThat(into.position()).isEqualTo(4);
      assertThat(file.read(6, into)).isZero();
      assertThat(file.read(100, into)).isZero();
    }
  }

  @Test
  void createsOnlyWhatIsNotThere() throws IOException {
    disk().create(file()).close();
    assertThatThrownBy(() -> disk().create(file())).isInstanceOf(FileAlreadyExistsException.class);
    assertThatThrownBy(() -> disk().create(root().resolve("no/file")))
        .isInstanceOf(NoSuchFileException.class);
  }

  @Test
  void opensOnlyWhatIsThere() {
    assertThatThrownBy(() -> disk().open(file())).isInstanceOf(NoSuchFileException.class);
    assertThatThrownBy(() -> disk().openForReading(file())).isInstanceOf(NoSuchFileException.class);
  }

  @Test
  void cutsAFileAndGrowsItAgain() throws IOException {
    try (DiskFile file = disk().create(file())) {
      file.write(0, bytes("abcdef"));
      file.truncate(2);
      file.write(4, bytes("z"));
      assertThat(file.size()).isEqualTo(5);
    }
    assertThat(contents(file())).isEqualTo("ab\0\0z");
  }

  @Test
  void movesBytesToAChannel() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    WritableByteChannel target = Channels.newChannel(out);
    try (DiskFile file = disk().create(file())) {
      file.write(0, bytes("abcdef"));
      long moved = 0;
      while (moved < 3) {
        moved += file.transferTo(2 + moved, 3 - moved, target);
      }
      assertThat(file.transferTo(6, 5, target)).isZero();
    }
    assertThat(out.toString(StandardCharsets.US_ASCII)).isEqualTo("cde");
  }

  @Test
  void renamesOverWhatIsThere() throws IOException {
    Path other = root().resolve("other");
    try (DiskFile file = disk().create(file())) {
      file.write(0, bytes("new"));
    }
    try (DiskFile file = disk().create(other)) {
      file.write(0, bytes("old"));
    }
    disk().rename(file(), other);
    assertThat(disk().kind(file())).isEqualTo(FileKind.ABSENT);
    assertThat(contents(other)).isEqualTo("new");
  }

  @Test
  void renamesADirectoryWithWhatIsInIt() throws IOException {
    Path directory = root().resolve("directory");
    disk().createDirectory(directory);
    disk().create(directory.resolve("file")).close();
    disk().rename(directory, root().resolve("moved"));
    assertThat(disk().kind(root().resolve("moved").resolve("file"))).isEqualTo(FileKind.FILE);
    assertThat(disk().kind(directory)).isEqualTo(FileKind.ABSENT);
  }

  @Test
  void keepsAnOpenFileUsableAfterItsNameIsGone() throws IOException {
    try (DiskFile file = disk().create(file())) {
      file.write(0, bytes("abc"));
      disk().delete(file());
      ByteBuffer into = ByteBuffer.allocate(3);
      assertThat(file.read(0, into)).isEqualTo(3);
    }
    assertThat(disk().kind(file())).isEqualTo(FileKind.ABSENT);
  }

  @Test
  void listsNamesInOrderWithKindAndSize() throws IOException {
    try (DiskFile file = disk().create(root().resolve("b"))) {
      file.write(0, bytes("abc"));
    }
    disk().createDirectory(root().resolve("a"));
    disk().create(root().resolve("a").resolve("inner")).close();
    assertThat(disk().list(root()))
        .isEqualTo(
            List.of(
                new DirectoryEntry("a", FileKind.DIRECTORY, 0),
                new DirectoryEntry("b", FileKind.FILE, 3)));
  }

  @Test
  void makesMissingParents() throws IOException {
    Path deep = root().resolve("a/b/c");
    disk().createDirectories(deep);
    disk().createDirectories(deep);
    assertThat(disk().kind(deep)).isEqualTo(FileKind.DIRECTORY);
  }

  @Test
  void deletesNoDirectoryThatHoldsSomething() throws IOException {
    Path directory = root().resolve("directory");
    disk().createDirectory(directory);
    disk().create(directory.resolve("file")).close();
    assertThatThrownBy(() -> disk().delete(directory))
        .isInstanceOf(DirectoryNotEmptyException.class);
    disk().delete(directory.resolve("file"));
    disk().delete(directory);
    assertThatThrownBy(() -> disk().delete(directory)).isInstanceOf(NoSuchFileException.class);
  }

  @Test
  void forcesFilesAndDirectories() throws IOException {
    try (DiskFile file = disk().create(file())) {
      file.write(0, bytes("abc"));
      file.force();
      file.write(3, bytes("def"));
      file.force();
    }
    disk().syncDirectory(root());
    assertThat(contents(file())).isEqualTo("abcdef");
  }

  @Test
  void b65_givesALockToOneOnly() throws IOException {
    Path lock = root().resolve(".lock");
    DiskLock held = disk().tryLock(lock).orElseThrow();
    assertThat(disk().tryLock(lock)).isEmpty();
    assertThat(disk().tryLock(lock)).isEmpty();
    held.release();
    held.release();
    DiskLock again = disk().tryLock(lock).orElseThrow();
    assertThat(disk().tryLock(lock)).isEmpty();
    again.release();
  }

  @Test
  void b100_keepsAnInterruptAndTheFile() throws IOException {
    try (DiskFile file = disk().create(file())) {
      Thread.currentThread().interrupt();
      file.write(0, bytes("abc"));
      file.write(3, bytes("de"), bytes("f"));
      file.force();
      ByteBuffer into = ByteBuffer.allocate(6);
      file.read(0, into);
      assertThat(file.size()).isEqualTo(6);
      file.truncate(5);
      disk().syncDirectory(root());
      assertThat(Thread.interrupted()).isTrue();
      assertThat(into.array()).isEqualTo(bytes("abcdef").array());
      file.write(5, bytes("!"));
    } finally {
      boolean left = Thread.interrupted();
      assertThat(left).isFalse();
    }
    assertThat(contents(file())).isEqualTo("abcde!");
  }

  @Test
  void tellsTheSameBootIdEveryTime() throws IOException {
    assertThat(disk().bootId()).isEqualTo(disk().bootId());
  }

  @Test
  void tellsHowMuchRoomThereIs() throws IOException {
    assertThat(disk().usableBytes(root())).isPositive();
  }
}
