package io.millrace.server.broker;

import static io.millrace.server.broker.RealBroker.await;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.millrace.rpc.Endpoint;
import io.millrace.storage.log.Batches;
import io.millrace.wire.v1.DeleteTopicRequest;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.TopicInfo;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.apache.curator.test.TestingServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Reliability, section 5: one log line at most per second per peer, whatever it does. */
class FloodedLogTest {
  private static TestingServer zooKeeper;

  private final Logger logger = (Logger) LoggerFactory.getLogger("io.millrace");
  private final Lines lines = new Lines();
  private Level usual = Level.WARN;

  @TempDir Path root;

  private static final class Lines extends AppenderBase<ILoggingEvent> {
    final List<String> said = new CopyOnWriteArrayList<>();

    @Override
    protected void append(ILoggingEvent event) {
      said.add(event.getLevel() + " " + event.getLoggerName() + " " + event.getFormattedMessage());
    }
  }

  @BeforeAll
  static void startZooKeeper() throws Exception {
    zooKeeper = new TestingServer();
  }

  @AfterAll
  static void stopZooKeeper() throws Exception {
    zooKeeper.close();
  }

  /** As an operator has it. */
  @BeforeEach
  void listen() {
    usual = logger.getLevel();
    logger.setLevel(Level.INFO);
    lines.start();
    logger.addAppender(lines);
  }

  @AfterEach
  void listenNoMore() {
    logger.detachAppender(lines);
    logger.setLevel(usual);
  }

  /** What a flood may cost: a line a second, and one for its beginning. */
  private void expectFewLinesSince(long beganNanos) {
    long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - beganNanos);
    assertThat(lines.said).hasSizeLessThanOrEqualTo((int) seconds + 2);
  }

  @Test
  @DisplayName("B01, B03: thousands of broken connections from one peer")
  void oneWhoSendsGarbageCannotFillTheLog() throws IOException {
    try (RealBroker broker =
        new RealBroker(zooKeeper.getConnectString() + "/garbage", root.resolve("data"), Map.of())) {
      Endpoint at = broker.ready().client();
      lines.said.clear();
      long began = System.nanoTime();
      byte[][] garbage = {
        {0, 0, 0, 0},
        {-1, -1, -1, -1},
        {0, 0, 0, 4, 9, 9, 9, 9},
        "GET / HTTP/1.1\r\n\r\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII)
      };
      for (int i = 0; i < 2_000; i++) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), at.port())) {
          socket.getOutputStream().write(garbage[i % garbage.length]);
          socket.shutdownOutput();
          socket.getInputStream().readAllBytes();
        } catch (IOException e) {
          assertThat(e.getMessage()).isNotNull(); // a reset is as good an end
        }
      }
      assertThat(lines.said).describedAs("somebody must be told").isNotEmpty();
      assertThat(lines.said.get(0)).contains("127.0.0.1");
      expectFewLinesSince(began);
    }
  }

  @Test
  @DisplayName("Thousands of requests that are refused")
  void oneWhoseRequestsAreRefusedCannotFillTheLog() {
    try (RealBroker broker =
        new RealBroker(zooKeeper.getConnectString() + "/refused", root.resolve("data"), Map.of())) {
      TestClient client = broker.client(broker.ready().client());
      TopicInfo topic = RealBroker.create(client, "notes", 1, Map.of());
      ByteBuffer corrupt = Batches.batch(1_700_000_000_000L, "a");
      corrupt.put(corrupt.limit() - 1, (byte) (corrupt.get(corrupt.limit() - 1) ^ 1));
      lines.said.clear();
      long began = System.nanoTime();
      for (int i = 0; i < 500; i++) {
        await(client.produce(topic.getTopicId(), 0, Durability.LEADER, corrupt.duplicate()));
        await(client.produce("nosuch~aaaaaaaa", i, Durability.LEADER, corrupt.duplicate()));
        await(client.fetch(topic.getTopicId(), 0, 1_000_000 + i, 0));
        await(client.fetch(topic.getTopicId(), 77, 0, 0));
        await(client.metadata("no such topic \n" + i));
        await(
            client.send(
                Request.newBuilder()
                    .setDeleteTopic(DeleteTopicRequest.newBuilder().setName("nosuch" + i))));
        await(client.createTopic("bad name \u0001" + i, -1, Map.of("no.such.key", "x")));
      }
      expectFewLinesSince(began);
    }
  }
}
