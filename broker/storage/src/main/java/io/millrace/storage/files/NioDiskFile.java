package io.millrace.storage.files;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.FileSystemException;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;

/**
 * A file on the real disk.
 *
 * <p>Java closes a {@link FileChannel} when a thread that is inside one of its calls is
 * interrupted, for every other user of it too. So: the interrupt is put aside before a call and
 * back after it, and when one arrives in the middle, the file is opened again and the call resumed,
 * which is harmless because every call names its position. Only a transfer cannot be resumed, since
 * nobody knows how much of it the socket got.
 *
 * <p>{@link #force} goes through a handle of its own that interrupts do not concern (Java's
 * asynchronous channel, used synchronously): on the shared one an interrupt would replace the error
 * of a failed fsync by a closed channel, and the next fsync would then report success.
 */
final class NioDiskFile implements DiskFile {
  private final Path path;
  private final boolean writable;

  private volatile FileChannel channel;
  private volatile boolean closed;

  // Made when first needed, under this object's lock, which reads and writes never take.
  private @Nullable AsynchronousFileChannel durable;
  private @Nullable FileChannel kernelChannel;

  /** The writer's: where the channel's own position is, valid for that channel only. */
  private @Nullable FileChannel positioned;

  private long writePosition;

  private NioDiskFile(Path path, boolean writable, FileChannel channel) {
    this.path = path;
    this.writable = writable;
    this.channel = channel;
  }

  static NioDiskFile open(Path path, Set<StandardOpenOption> how) throws IOException {
    Set<OpenOption> options = new HashSet<>(how);
    options.add(LinkOption.NOFOLLOW_LINKS);
    try {
      FileChannel channel = FileChannel.open(path, options, NioDisk.permissions(path, "rw-------"));
      return new NioDiskFile(path, how.contains(StandardOpenOption.WRITE), channel);
    } catch (IOException e) {
      throw translated(e, path);
    }
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public long size() throws IOException {
    return resumed(FileChannel::size);
  }

  @Override
  public void write(long position, ByteBuffer... buffers) throws IOException {
    long end = position + remaining(buffers);
    resumed(
        current -> {
          long left = remaining(buffers);
          while (left > 0) {
            if (positioned != current || writePosition != end - left) {
              current.position(end - left);
              positioned = current;
            }
            // Until the call has returned, nobody knows where the channel stands.
            writePosition = -1;
            if (buffers.length == 1) {
              current.write(buffers[0]);
            } else {
              current.write(buffers);
            }
            left = remaining(buffers);
            writePosition = end - left;
          }
          return end;
        });
  }

  private static long remaining(ByteBuffer[] buffers) {
    long total = 0;
    for (ByteBuffer buffer : buffers) {
      total += buffer.remaining();
    }
    return total;
  }

  @Override
  public int read(long position, ByteBuffer into) throws IOException {
    int before = into.position();
    resumed(
        current -> {
          while (into.hasRemaining()) {
            if (current.read(into, position + into.position() - before) < 0) {
              break;
            }
          }
          return 0;
        });
    return into.position() - before;
  }

  @Override
  public long transferTo(long position, long count, WritableByteChannel target) throws IOException {
    return resumed(
        current -> {
          try {
            return current.transferTo(position, count, target);
          } catch (AsynchronousCloseException e) {
            if (current.isOpen()) {
              throw e; // the target's
            }
            reopen(current);
            throw new IOException("interrupted while sending " + path, e);
          }
        });
  }

  @Override
  public void truncate(long sizeBytes) throws IOException {
    resumed(
        current -> {
          positioned = null;
          current.truncate(sizeBytes);
          return sizeBytes;
        });
  }

  @Override
  public void force() throws IOException {
    AsynchronousFileChannel syncing;
    synchronized (this) {
      if (closed) {
        throw new ClosedChannelException();
      }
      syncing = durable;
      if (syncing == null) {
        syncing =
            AsynchronousFileChannel.open(
                path,
                Set.of(StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS),
                (ExecutorService) null);
        durable = syncing;
      }
    }
    try {
      syncing.force(false);
    } catch (ClosedChannelException e) {
      throw e;
    } catch (IOException e) {
      throw new ForceFailedException("forcing " + path + " to disk failed: " + e.getMessage(), e);
    }
  }

  @Override
  public synchronized FileChannel kernelChannel() throws IOException {
    if (closed) {
      throw new ClosedChannelException();
    }
    FileChannel sending = kernelChannel;
    if (sending == null) {
      sending = FileChannel.open(path, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
      kernelChannel = sending;
    }
    return sending;
  }

  @Override
  public synchronized void close() throws IOException {
    closed = true;
    try (FileChannel reading = channel;
        AsynchronousFileChannel syncing = durable;
        FileChannel sending = kernelChannel) {
      durable = null;
      kernelChannel = null;
    }
  }

  private interface Call {
    long on(FileChannel channel) throws IOException;
  }

  private long resumed(Call call) throws IOException {
    boolean interrupted = Thread.interrupted();
    try {
      while (true) {
        FileChannel current = channel;
        try {
          return call.on(current);
        } catch (ClosedChannelException e) {
          if (closed || current.isOpen()) {
            throw e;
          }
          interrupted |= Thread.interrupted();
          reopen(current);
        }
      }
    } catch (IOException e) {
      throw translated(e, path);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private synchronized void reopen(FileChannel broken) throws IOException {
    if (closed) {
      throw new ClosedChannelException();
    }
    if (channel == broken) {
      channel =
          writable
              ? FileChannel.open(
                  path,
                  StandardOpenOption.READ,
                  StandardOpenOption.WRITE,
                  LinkOption.NOFOLLOW_LINKS)
              : FileChannel.open(path, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
    }
  }

  /** Gives the errors that callers tell apart their own types; Java has only their texts. */
  private static IOException translated(IOException e, Path path) {
    String reason = e instanceof FileSystemException failed ? failed.getReason() : e.getMessage();
    if (reason == null || e instanceof DiskFullException) {
      return e;
    }
    if (reason.contains("No space left on device") || reason.contains("quota exceeded")) {
      return new DiskFullException("no space left for " + path, e);
    }
    if (reason.contains("Too many open files")) {
      return new IOException(
          "too many open files at " + path + ": raise the limit of this process (ulimit -n)", e);
    }
    return e;
  }

  @Override
  public String toString() {
    return path.toString();
  }
}
