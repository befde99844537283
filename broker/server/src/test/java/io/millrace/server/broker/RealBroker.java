package io.millrace.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.rpc.Endpoint;
import io.millrace.rpc.SystemTasks;
import io.millrace.rpc.netty.NettyHttpTransport;
import io.millrace.rpc.netty.NettyTransport;
import io.millrace.server.config.BrokerSettings;
import io.millrace.server.config.SettingsLoader;
import io.millrace.storage.files.NioDisk;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.TopicInfo;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.awaitility.Awaitility;

/** A broker over real sockets, real files and a real ZooKeeper, in this process. */
final class RealBroker implements AutoCloseable {
  static final int LOOPS = 2;

  final NettyTransport transport = new NettyTransport(new SystemTasks(), LOOPS);
  final List<Failure> fatal = new CopyOnWriteArrayList<>();
  final Broker broker;
  private boolean stopped;

  RealBroker(String cluster, Path directory, Map<String, String> overrides) {
    Map<String, String> settings = new HashMap<>();
    settings.put("cluster", cluster);
    settings.put("data.directory", directory.toString());
    settings.put("listener.client", "127.0.0.1:0");
    settings.put("listener.internal", "127.0.0.1:0");
    settings.put("listener.metrics", "127.0.0.1:0");
    settings.putAll(overrides);
    SettingsLoader.Outcome outcome = SettingsLoader.load(Optional.empty(), Map.of(), settings);
    assertThat(outcome).isInstanceOf(SettingsLoader.Outcome.Loaded.class);
    BrokerSettings loaded = ((SettingsLoader.Outcome.Loaded) outcome).settings();
    broker =
        new Broker(
            loaded,
            new BrokerSeams(
                transport,
                () -> new NettyHttpTransport(""),
                new NioDisk(),
                new SystemTasks(),
                BrokerSeams.StoreOpener.ZOOKEEPER),
            fatal::add);
  }

  StartOutcome start() {
    return await(broker.start().toCompletableFuture());
  }

  StartOutcome.Ready ready() {
    StartOutcome outcome = start();
    assertThat(outcome).isInstanceOf(StartOutcome.Ready.class);
    return (StartOutcome.Ready) outcome;
  }

  Failure failure() {
    StartOutcome outcome = start();
    assertThat(outcome).isInstanceOf(StartOutcome.Failed.class);
    return ((StartOutcome.Failed) outcome).failure();
  }

  TestClient client(Endpoint to) {
    return await(TestClient.connect(transport, 0, to));
  }

  /** Creates a topic and waits until somebody leads each of its partitions. */
  static TopicInfo create(
      TestClient client, String name, int partitions, Map<String, String> settings) {
    TopicInfo created =
        TestClient.good(await(client.createTopic(name, partitions, settings)))
            .response()
            .getCreateTopic()
            .getTopic();
    awaitLed(client, created.getTopicId(), partitions);
    return created;
  }

  static void awaitLed(TestClient client, String topicId, int partitions) {
    for (int partition = 0; partition < partitions; partition++) {
      int number = partition;
      Awaitility.await()
          .atMost(Duration.ofSeconds(20))
          .pollInterval(Duration.ofMillis(10))
          .until(
              () ->
                  await(client.fetch(topicId, number, 0, 0))
                          .response()
                          .getFetch()
                          .getResults(0)
                          .getError()
                          .getCode()
                      == ErrorCode.ERROR_CODE_UNSPECIFIED);
    }
  }

  boolean stop() {
    stopped = true;
    boolean clean = await(broker.stop().toCompletableFuture());
    transport.close();
    return clean;
  }

  @Override
  public void close() {
    if (!stopped) {
      stop();
    }
  }

  /** As {@code kill -9} looks from outside: its sockets close, its session stands. */
  void vanish() {
    stopped = true;
    transport.close();
  }

  static <T> T await(CompletableFuture<T> future) {
    try {
      return future.get(30, TimeUnit.SECONDS);
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      throw new AssertionError(e);
    }
  }
}
