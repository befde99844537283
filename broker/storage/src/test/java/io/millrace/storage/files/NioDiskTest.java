package io.millrace.storage.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NioDiskTest extends DiskContract {
  private final NioDisk disk = new NioDisk();

  @TempDir Path folder;

  @Override
  Disk disk() {
    return disk;
  }

  @Override
  Path root() {
    return folder;
  }

  @Test
  void makesFilesAndDirectoriesForTheOwnerOnly() throws IOException {
    disk.createDirectory(folder.resolve("directory"));
    disk.create(folder.resolve("file")).close();
    assertThat(mode("directory")).isEqualTo("rwx------");
    assertThat(mode("file")).isEqualTo("rw-------");
  }

  private String mode(String name) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve(name)));
  }

  @Test
  void followsNoLink() throws IOException {
    Path target = Files.writeString(folder.resolve("target"), "secret");
    Path link = Files.createSymbolicLink(folder.resolve("link"), target);
    assertThat(disk.kind(link)).isEqualTo(FileKind.OTHER);
    assertThatThrownBy(() -> disk.open(link)).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> disk.openForReading(link)).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> disk.create(link)).isInstanceOf(IOException.class);
  }

  @Test
  void b100_anInterruptInOneThreadDoesNotCloseTheFileForAnother() throws Exception {
    Path path = folder.resolve("shared");
    AtomicBoolean stop = new AtomicBoolean();
    AtomicBoolean interruptKept = new AtomicBoolean();
    AtomicReference<Throwable> failure = new AtomicReference<>();
    try (DiskFile file = disk.create(path)) {
      file.write(0, ByteBuffer.allocate(1 << 16));
      Thread reader =
          new Thread(
              () -> {
                try {
                  while (!stop.get()) {
                    ByteBuffer into = ByteBuffer.allocate(1 << 16);
                    assertThat(file.read(0, into)).isEqualTo(1 << 16);
                  }
                  interruptKept.set(Thread.currentThread().isInterrupted());
                } catch (IOException | AssertionError e) {
                  failure.set(e);
                }
              });
      reader.start();
      for (int i = 0; i < 300; i++) {
        reader.interrupt();
        file.write(0, ByteBuffer.allocate(1 << 12), ByteBuffer.allocate(1 << 12));
      }
      stop.set(true);
      reader.join();
    }
    assertThat(failure).hasNullValue();
    assertThat(interruptKept).isTrue();
  }

  @Test
  void b100_givesTheKernelAChannelThatNoInterruptReaches() throws IOException {
    DiskFile file = disk.create(folder.resolve("file"));
    file.write(0, ByteBuffer.allocate(10));
    FileChannel sending = Objects.requireNonNull(file.kernelChannel());
    assertThat(file.kernelChannel()).isSameAs(sending);
    Thread.currentThread().interrupt();
    file.write(0, ByteBuffer.allocate(10));
    file.read(0, ByteBuffer.allocate(10));
    assertThat(Thread.interrupted()).isTrue();
    assertThat(sending.isOpen()).isTrue();
    assertThat(sending.size()).isEqualTo(10);
    file.close();
    assertThat(sending.isOpen()).isFalse();
    assertThatThrownBy(file::kernelChannel).isInstanceOf(ClosedChannelException.class);
  }

  @Test
  void saysSoWhenUsedAfterClose() throws IOException {
    DiskFile file = disk.create(folder.resolve("file"));
    file.close();
    file.close();
    assertThatThrownBy(file::size).isInstanceOf(ClosedChannelException.class);
    assertThatThrownBy(file::force).isInstanceOf(ClosedChannelException.class);
  }
}
