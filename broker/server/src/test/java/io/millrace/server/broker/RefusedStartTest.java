package io.millrace.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.curator.test.TestingServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a broker does not start with, and what it says instead. */
class RefusedStartTest {
  private static TestingServer zooKeeper;

  @TempDir Path root;

  @BeforeAll
  static void startZooKeeper() throws Exception {
    zooKeeper = new TestingServer();
  }

  @AfterAll
  static void stopZooKeeper() throws Exception {
    zooKeeper.close();
  }

  @Test
  void b65_aDataDirectoryThatIsInUse() {
    try (RealBroker first = broker("b65", Map.of());
        RealBroker second = broker("b65", Map.of())) {
      first.ready();
      Failure failure = second.failure();
      assertThat(failure.kind()).isEqualTo(Failure.Kind.DATA_DIRECTORY);
      assertThat(failure.message()).contains("in use by another broker");
    }
  }

  @Test
  void b64_aDataDirectoryOfAnotherBroker() {
    try (RealBroker first = broker("b64a", Map.of())) {
      first.ready();
    }
    try (RealBroker second = broker("b64a", Map.of("broker.id", "2"))) {
      Failure failure = second.failure();
      assertThat(failure.kind()).isEqualTo(Failure.Kind.DATA_DIRECTORY);
      assertThat(failure.message()).contains("belongs to broker 1, this is broker 2");
    }
  }

  @Test
  void b64_aDataDirectoryOfAnotherCluster() {
    try (RealBroker first = broker("b64b", Map.of())) {
      first.ready();
    }
    try (RealBroker founder =
            new RealBroker(cluster("b64c"), root.resolve("other"), Map.of("broker.id", "2"));
        RealBroker second = broker("b64c", Map.of())) {
      founder.ready();
      Failure failure = second.failure();
      assertThat(failure.kind()).isEqualTo(Failure.Kind.DATA_DIRECTORY);
      assertThat(failure.message()).contains("belongs to cluster");
    }
  }

  @Test
  void b64_aBrokerIdThatIsTaken() {
    try (RealBroker first = broker("b64d", Map.of());
        RealBroker second = new RealBroker(cluster("b64d"), root.resolve("other"), Map.of())) {
      first.ready();
      assertThat(second.failure().kind()).isEqualTo(Failure.Kind.NOT_A_MEMBER);
    }
  }

  @Test
  void b65_aDataDirectoryThatIsAFile() throws IOException {
    Files.writeString(root.resolve("data"), "not a directory");
    try (RealBroker broker = broker("b65b", Map.of())) {
      Failure failure = broker.failure();
      assertThat(failure.kind()).isEqualTo(Failure.Kind.DATA_DIRECTORY);
      assertThat(failure.message()).contains("is a file");
    }
  }

  @Test
  void b66_aPortThatIsInUseIsNamedWithItsKey() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        RealBroker broker =
            broker("b66", Map.of("listener.internal", "127.0.0.1:" + taken.getLocalPort()))) {
      Failure failure = broker.failure();
      assertThat(failure.kind()).isEqualTo(Failure.Kind.LISTENER);
      assertThat(failure.message()).contains("listener.internal=127.0.0.1:" + taken.getLocalPort());
    }
  }

  @Test
  void aZooKeeperThatDoesNotAnswer() throws IOException {
    try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        RealBroker broker =
            new RealBroker(
                "127.0.0.1:" + silent.getLocalPort() + "/millrace",
                root.resolve("data"),
                Map.of("cluster.connect.timeout.ms", "500"))) {
      Failure failure = broker.failure();
      assertThat(failure.kind()).isEqualTo(Failure.Kind.CLUSTER_UNREACHABLE);
      assertThat(failure.message()).contains("127.0.0.1:" + silent.getLocalPort());
    }
  }

  private RealBroker broker(String name, Map<String, String> settings) {
    return new RealBroker(cluster(name), root.resolve("data"), settings);
  }

  private static String cluster(String name) {
    return zooKeeper.getConnectString() + "/" + name;
  }
}
