package io.millrace.dist;

import io.millrace.rpc.Endpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeoutException;
import org.apache.zookeeper.server.embedded.ExitHandler;
import org.apache.zookeeper.server.embedded.ZooKeeperServerEmbedded;

/** A ZooKeeper server in this process, alone or as a member of an ensemble. */
final class EmbeddedZooKeeper implements AutoCloseable {
  private static final long START_TIMEOUT_MILLIS = 60_000;
  private static final String TEMPORARY_FILES = "zookeeper.configuration*.properties";

  private final ZooKeeperServerEmbedded server;
  private final Path scratch;

  private EmbeddedZooKeeper(ZooKeeperServerEmbedded server, Path scratch) {
    this.server = server;
    this.scratch = scratch;
  }

  /**
   * A single server for one machine, reachable over the loopback only.
   *
   * @param directory keeps the data; made when missing
   */
  static EmbeddedZooKeeper startAlone(Path directory, Endpoint address) throws IOException {
    Properties configuration = new Properties();
    configuration.putAll(
        Map.of(
            "dataDir", directory.resolve("data").toString(),
            "clientPortAddress", address.host(),
            "clientPort", Integer.toString(address.port()),
            "tickTime", "2000",
            "maxClientCnxns", "0",
            "autopurge.snapRetainCount", "3",
            "autopurge.purgeInterval", "24"));
    return start(configuration, directory);
  }

  /**
   * @param configuration as in a {@code zoo.cfg}
   * @param scratch for a file that ZooKeeper wants to read its configuration from
   * @throws IOException naming the cause: an address in use, a folder that cannot be written
   */
  static EmbeddedZooKeeper start(Properties configuration, Path scratch) throws IOException {
    Properties complete = new Properties();
    complete.putAll(configuration);
    // Its web server wants a web server's jars.
    complete.putIfAbsent("admin.enableServer", "false");
    refuseTakenAddress(complete);
    Files.createDirectories(scratch);
    deleteTemporaryFiles(scratch);
    try {
      ZooKeeperServerEmbedded server =
          ZooKeeperServerEmbedded.builder()
              .baseDir(scratch)
              .configuration(complete)
              .exitHandler(ExitHandler.LOG_ONLY)
              .build();
      server.start(START_TIMEOUT_MILLIS);
      return new EmbeddedZooKeeper(server, scratch);
    } catch (TimeoutException e) {
      throw new IOException(
          "ZooKeeper did not start within " + START_TIMEOUT_MILLIS / 1000 + " s; see its log", e);
    } catch (Exception e) {
      throw new IOException("ZooKeeper cannot start: " + e.getMessage(), e);
    }
  }

  /** The server itself would only log it, and then be waited for in vain. */
  private static void refuseTakenAddress(Properties configuration) throws IOException {
    String port = configuration.getProperty("clientPort", "0").strip();
    String host = configuration.getProperty("clientPortAddress", "0.0.0.0").strip();
    try (ServerSocket probe = new ServerSocket()) {
      probe.setReuseAddress(true);
      probe.bind(new InetSocketAddress(host, Integer.parseInt(port)));
    } catch (IOException | IllegalArgumentException e) {
      throw new IOException(
          "ZooKeeper cannot listen on " + host + ":" + port + ": " + e.getMessage(), e);
    }
  }

  /** Where clients connect. */
  Endpoint address() {
    try {
      String connection = server.getConnectionString();
      int colon = connection.lastIndexOf(':');
      return new Endpoint(
          connection.substring(0, colon), Integer.parseInt(connection.substring(colon + 1)));
    } catch (Exception e) {
      throw new IllegalStateException("the server has no client port", e);
    }
  }

  @Override
  public void close() {
    server.close();
    try {
      deleteTemporaryFiles(scratch);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void deleteTemporaryFiles(Path scratch) throws IOException {
    try (DirectoryStream<Path> left = Files.newDirectoryStream(scratch, TEMPORARY_FILES)) {
      for (Path file : left) {
        Files.deleteIfExists(file);
      }
    }
  }
}
