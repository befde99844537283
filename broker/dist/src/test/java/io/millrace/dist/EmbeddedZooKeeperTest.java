package io.millrace.dist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.rpc.Endpoint;
import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooDefs.Ids;
import org.apache.zookeeper.ZooKeeper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedZooKeeperTest {
  private static final Endpoint ANY_PORT = new Endpoint("127.0.0.1", 0);

  @TempDir Path directory;

  @Test
  void keepsItsDataAcrossARestart() throws Exception {
    try (EmbeddedZooKeeper server = EmbeddedZooKeeper.startAlone(directory, ANY_PORT);
        ZooKeeper client = connect(server.address())) {
      client.create("/kept", new byte[] {7}, Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
    }
    try (EmbeddedZooKeeper server = EmbeddedZooKeeper.startAlone(directory, ANY_PORT);
        ZooKeeper client = connect(server.address())) {
      assertThat(client.getData("/kept", false, null)).containsExactly(7);
    }
    try (var files = Files.list(directory)) {
      assertThat(files)
          .extracting(Path::getFileName)
          .extracting(Path::toString)
          .containsExactly("data");
    }
  }

  @Test
  void listensOnTheLoopbackOnly() throws Exception {
    try (EmbeddedZooKeeper server = EmbeddedZooKeeper.startAlone(directory, ANY_PORT)) {
      int port = server.address().port();
      for (NetworkInterface network : NetworkInterface.networkInterfaces().toList()) {
        for (InetAddress address : network.inetAddresses().toList()) {
          if (!address.isLoopbackAddress()) {
            assertThatThrownBy(() -> new Socket(address, port).close())
                .isInstanceOf(IOException.class);
          }
        }
      }
    }
  }

  @Test
  void b66_namesThePortThatIsTaken() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Endpoint address = new Endpoint("127.0.0.1", taken.getLocalPort());
      assertThatThrownBy(() -> EmbeddedZooKeeper.startAlone(directory, address))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("127.0.0.1:" + taken.getLocalPort())
          .hasMessageContaining("in use");
    }
  }

  private static ZooKeeper connect(Endpoint address) throws Exception {
    CountDownLatch connected = new CountDownLatch(1);
    ZooKeeper client =
        new ZooKeeper(
            address.toString(),
            10_000,
            event -> {
              if (event.getState() == KeeperState.SyncConnected) {
                connected.countDown();
              }
            });
    connected.await();
    return client;
  }
}
