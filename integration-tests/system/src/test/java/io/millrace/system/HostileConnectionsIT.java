package io.millrace.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Bytes that no client of ours would send, while a client of ours works. */
@Timeout(value = 4, unit = TimeUnit.MINUTES)
class HostileConnectionsIT {
  private static final int CONNECTIONS = 300;

  @TempDir Path dir;

  @Test
  void anotherClientNoticesNothingAndTheProcessLives() throws IOException {
    try (MillraceProcess dev =
        MillraceProcess.start(
            dir, "dev", "--dir", dir.resolve("data").toString(), "--port", "0", "--zk-port", "0")) {
      var ready = dev.awaitLine("^ready cluster=(\\S+) brokers=([^:]+):(\\d+)\\S* pid=\\d+");
      String cluster = ready.group(1);
      InetSocketAddress broker =
          new InetSocketAddress(ready.group(2), Integer.parseInt(ready.group(3)));

      List<String> expected = IntStream.range(0, 200_000).mapToObj(i -> "line-" + i).toList();
      Path lines = Files.write(dir.resolve("lines"), expected);
      MillraceProcess produce =
          MillraceProcess.start(dir, "produce", "t", lines.toString(), "--cluster", cluster);
      List<Socket> sockets = new ArrayList<>();
      try {
        Random random = new Random(7);
        for (int i = 0; i < CONNECTIONS; i++) {
          sockets.add(attack(broker, i, random));
        }
        assertThat(produce.awaitExit()).as(produce.describe()).isZero();
        MillraceProcess consume =
            MillraceProcess.run(
                dir, "consume", "t", "--from", "earliest", "--until-end", "--cluster", cluster);
        assertThat(consume.awaitExit()).as(consume.describe()).isZero();
        assertThat(Files.mismatch(consume.outFile(), lines)).isEqualTo(-1);
      } finally {
        for (Socket socket : sockets) {
          socket.close();
        }
      }
      assertThat(dev.isAlive()).as(dev.describe()).isTrue();
      assertThat(dev.stop()).as(dev.describe()).isIn(0, 143);
    }
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
