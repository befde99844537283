package io.millrace.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Bytes that no client of ours would send, while a client of ours works. */
@Timeout(value = 4, unit = TimeUnit.MINUTES)
class HostileConnectionsIT {
  private static final int CONNECTIONS = 300;

  @TempDir Path dir;

  /**
   * The clients are at work before the first hostile connection, between any fifty of them, and
   * after the last, while all are still open: nothing here can pass by one having ended before the
   * other.
   */
  @Test
  void otherClientsNoticeNothingAndTheProcessLives() throws IOException {
    try (MillraceProcess dev =
        MillraceProcess.start(
            dir, "dev", "--dir", dir.resolve("data").toString(), "--port", "0", "--zk-port", "0")) {
      var ready =
          dev.awaitLine("^ready cluster=(\\S+) brokers=([^:]+):(\\d+)\\S* metrics=\\S+ pid=\\d+");
      String cluster = ready.group(1);
      InetSocketAddress broker =
          new InetSocketAddress(ready.group(2), Integer.parseInt(ready.group(3)));
      CommandRun create =
          CommandRun.of("topic", "create", "t", "--partitions", "1", "--cluster", cluster);
      assertThat(create.exit()).as(create.describe()).isZero();
      List<Socket> sockets = new ArrayList<>();
      List<String> written = new ArrayList<>();
      try (MillraceProcess produce =
              MillraceProcess.start(dir, "produce", "t", "--cluster", cluster);
          Writer writer = new OutputStreamWriter(produce.input(), StandardCharsets.UTF_8)) {
        write(writer, written);
        try (MillraceProcess follow =
            MillraceProcess.start(
                dir, "consume", "t", "--from", "earliest", "--cluster", cluster)) {
          follow.awaitLines(written.size());
          Random random = new Random(7);
          for (int i = 1; i <= CONNECTIONS; i++) {
            sockets.add(attack(broker, i, random));
            if (i % 50 == 0) {
              write(writer, written);
              follow.awaitLines(written.size());
            }
          }
          assertThat(follow.out()).isEqualTo(String.join("\n", written) + "\n");
        }
        writer.close();
        assertThat(produce.awaitExit()).as(produce.describe()).isZero();
        assertThat(produce.err()).doesNotContain("WARN").doesNotContain("ERROR");
        // One that comes only now.
        CommandRun consume =
            CommandRun.of(
                "consume", "t", "--from", "earliest", "--until-end", "--cluster", cluster);
        assertThat(consume.exit()).as(consume.describe()).isZero();
        assertThat(consume.out()).isEqualTo(String.join("\n", written) + "\n");
      } finally {
        for (Socket socket : sockets) {
          socket.close();
        }
      }
      assertThat(dev.isAlive()).as(dev.describe()).isTrue();
      assertThat(dev.stop()).as(dev.describe()).isIn(0, 143);
    }
  }

  private static void write(Writer writer, List<String> written) throws IOException {
    for (int i = 0; i < 5_000; i++) {
      String line = "line-" + written.size();
      written.add(line);
      writer.write(line + "\n");
    }
    writer.flush();
  }

  /** Leaves the connection open: a peer that stays is worse than one that goes. */
  private static Socket attack(InetSocketAddress broker, int kind, Random random)
      throws IOException {
    Socket socket = new Socket();
    socket.connect(broker);
    OutputStream out = socket.getOutputStream();
    try {
      switch (kind % 6) {
        case 0 -> {
          byte[] garbage = new byte[1 + random.nextInt(4096)];
          random.nextBytes(garbage);
          out.write(garbage);
        }
        case 1 -> out.write(length(Integer.MAX_VALUE));
        case 2 -> out.write(length(-1));
        case 3 -> {
          out.write(length(60_000));
          out.write(new byte[30_000]);
        }
        case 4 ->
            out.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        default -> out.write(length(0));
      }
      out.flush();
    } catch (IOException closedByTheBroker) {
      assertThat(socket.isConnected()).isTrue();
    }
    return socket;
  }

  private static byte[] length(int length) {
    return ByteBuffer.allocate(4).putInt(length).array();
  }
}
