package io.millrace.cli.bench;

import io.millrace.cli.CommandFailedException;
import io.millrace.cli.ExitCode;
import io.millrace.cli.Printable;
import io.millrace.client.RecordMetadata;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.OutcomeUnknownException;
import io.millrace.rpc.Clock;
import io.millrace.rpc.Tasks;
import io.millrace.wire.RecordHeader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Writes down what is sent and what becomes of it, so that {@code bench check} can compare it with
 * the topic, also when this process was killed. A text file; times are milliseconds since 1970:
 *
 * <pre>
 * millrace-ledger 1 RUN TOPIC TOPIC-ID            the run is 16 hexadecimal digits
 * S NUMBER TIME                                   record NUMBER is being sent; 0, 1, 2, ...
 * A NUMBER TIME PARTITION OFFSET                  acknowledged, and where it is
 * F NUMBER TIME WHY                               certainly not written
 * U NUMBER TIME WHY                               unknown; so are those without any of the three
 * </pre>
 *
 * <p>Each record carries {@link #header}, by which the check knows it again. Lines go to the file
 * ten times a second and to the disk once a second, by a worker; a line that a crash took makes its
 * record unknown, never lost. Any thread may tell of an end; one sends. The sender waits when the
 * file cannot keep up, the producer's own thread never does.
 */
final class LedgerWriter implements AutoCloseable {
  static final String FIRST_WORD = "millrace-ledger";
  static final String HEADER_NAME = "ledger";
  static final int HEADER_SIZE = 16;

  private static final int VERSION = 1;
  private static final int MAX_PENDING_SIZE = 16 << 20;
  private static final long WRITE_INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final int WRITES_PER_FORCE = 10;
  private static final int MAX_REASON_LENGTH = 300;

  private final Clock clock;
  private final Path path;
  private final long run;
  private final FileChannel file;
  private final Tasks.Worker worker;

  /** Guarded by itself. */
  private final Object monitor = new Object();

  private ByteArrayOutputStream pending = new ByteArrayOutputStream();
  private @Nullable IOException broken;

  /** The worker's: writes since the last force. */
  private int writes;

  private LedgerWriter(Tasks tasks, Path path, long run, FileChannel file) {
    this.clock = tasks.clock();
    this.path = path;
    this.run = run;
    this.file = file;
    this.worker = tasks.worker("ledger");
  }

  /** Refuses a file that exists: it may be the only account of another run. */
  static LedgerWriter create(Path path, Tasks tasks, String topic, String topicId)
      throws IOException {
    FileChannel file;
    try {
      file = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    } catch (FileAlreadyExistsException e) {
      throw new CommandFailedException(
          ExitCode.CONFLICT.number(), path + " exists; a ledger begins with a new file", e);
    }
    LedgerWriter ledger = new LedgerWriter(tasks, path, tasks.random().nextLong(), file);
    ledger.line(
        String.format(
            Locale.ROOT, "%s %d %016x %s %s", FIRST_WORD, VERSION, ledger.run, topic, topicId));
    ledger.writeOut();
    ledger.later();
    return ledger;
  }

  /** What marks record {@code number} as one of this run. */
  List<RecordHeader> header(long number) {
    byte[] value = ByteBuffer.allocate(HEADER_SIZE).putLong(run).putLong(number).array();
    return List.of(new RecordHeader(HEADER_NAME, value));
  }

  /** Before it is sent; waits while the file is far behind. */
  void sending(long number) throws IOException, InterruptedException {
    synchronized (monitor) {
      while (pending.size() > MAX_PENDING_SIZE && broken == null) {
        monitor.wait();
      }
      if (broken != null) {
        throw new IOException("the ledger " + path + " cannot be written: " + broken.getMessage());
      }
    }
    line("S " + number + ' ' + clock.wallMillis());
  }

  /** Exactly one of the two is null. */
  void ended(long number, @Nullable RecordMetadata metadata, @Nullable MillraceException error) {
    long now = clock.wallMillis();
    if (metadata != null && metadata.hasOffset()) {
      line("A " + number + ' ' + now + ' ' + metadata.partition() + ' ' + metadata.offset());
    } else if (metadata != null || error instanceof OutcomeUnknownException) {
      line("U " + number + ' ' + now + ' ' + (error == null ? "not asked for" : why(error)));
    } else if (error != null) {
      line("F " + number + ' ' + now + ' ' + why(error));
    }
  }

  private static String why(MillraceException error) {
    String why = Printable.line(error.getClass().getSimpleName() + ": " + error.getMessage());
    return why.length() <= MAX_REASON_LENGTH ? why : why.substring(0, MAX_REASON_LENGTH);
  }

  private void line(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    synchronized (monitor) {
      pending.writeBytes(bytes);
      pending.write('\n');
    }
  }

  private void later() {
    var unused =
        worker.schedule(
            WRITE_INTERVAL_NANOS,
            () -> {
              writeOut();
              later();
            });
  }

  /** On the worker; before it has begun and after it has ended, on the caller's thread. */
  private void writeOut() {
    ByteArrayOutputStream taken;
    synchronized (monitor) {
      taken = pending;
      pending = new ByteArrayOutputStream();
      monitor.notifyAll();
    }
    try {
      ByteBuffer bytes = ByteBuffer.wrap(taken.toByteArray());
      while (bytes.hasRemaining()) {
        file.write(bytes);
      }
      if (++writes % WRITES_PER_FORCE == 0) {
        file.force(false);
      }
    } catch (IOException e) {
      synchronized (monitor) {
        broken = e;
        monitor.notifyAll();
      }
    }
  }

  /** When every record has ended: puts the rest on the disk. */
  @Override
  public void close() throws IOException {
    worker.stop();
    try {
      boolean stopped = worker.awaitStopped(TimeUnit.SECONDS.toNanos(30));
      if (stopped) {
        writeOut();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    try (FileChannel closing = file) {
      synchronized (monitor) {
        if (broken != null) {
          throw broken;
        }
      }
      closing.force(true);
    }
  }
}
