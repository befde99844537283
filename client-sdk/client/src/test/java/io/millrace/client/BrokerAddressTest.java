package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.client.cluster.BrokerDiscovery;
import io.millrace.client.cluster.Discoveries;
import io.millrace.client.errors.InvalidSettingException;
import io.millrace.client.fake.SimulatedWorld;
import java.io.File;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole clients that find their cluster through brokers. */
class BrokerAddressTest {
  /** As if there were no such library, and no module of ours that uses it. */
  private static final class Without extends URLClassLoader {
    private final List<String> missing;
    private final List<String> asked = new ArrayList<>();

    Without(URL[] classPath, String... missing) {
      super(classPath, ClassLoader.getPlatformClassLoader());
      this.missing = List.of(missing);
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (missing.stream().anyMatch(name::startsWith)) {
        asked.add(name);
        throw new ClassNotFoundException(name + " must not be wanted");
      }
      return super.loadClass(name, resolve);
    }
  }

  private static URL[] classPath() {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .map(BrokerAddressTest::url)
        .toArray(URL[]::new);
  }

  private static URL url(String path) {
    try {
      return new File(path).toURI().toURL();
    } catch (MalformedURLException e) {
      throw new IllegalArgumentException(path, e);
    }
  }

  @Test
  void goingThroughBrokersLoadsNoClassOfZooKeepers() throws Exception {
    String[] missing = {
      "org.apache.zookeeper.", "org.apache.curator.", "io.millrace.coordination."
    };
    try (Without loader = new Without(classPath(), missing)) {
      Class<?> type = loader.loadClass("io.millrace.client.RoundTrip");
      Object trip = type.getDeclaredConstructor().newInstance();
      assertThat(((Callable<?>) trip).call()).isEqualTo("hello");
      assertThat(loader.asked).isEmpty();
    }
  }

  @Test
  void theSameRoundTripWithEverythingAtHand() throws Exception {
    assertThat(new RoundTrip().call()).isEqualTo("hello");
  }

  @ParameterizedTest
  @ValueSource(strings = {"broker://h:0", "broker://h:1/millrace", "broker://"})
  void aWrongAddressIsToldWhenTheClientIsMade(String address) {
    assertThatThrownBy(() -> Admin.create(AdminSettings.builder(address).build()))
        .isInstanceOf(InvalidSettingException.class)
        .hasMessageContaining("cluster")
        .hasMessageContaining(address);
  }

  @Test
  void whereNobodyListensTheErrorNamesTheAddress() throws IOException {
    int port;
    try (java.net.ServerSocket taken = new java.net.ServerSocket(0)) {
      port = taken.getLocalPort();
    }
    AdminSettings settings =
        AdminSettings.builder("broker://127.0.0.1:" + port)
            .defaultApiTimeout(Duration.ofMillis(500))
            .build();
    try (Admin admin = Admin.create(settings)) {
      assertThat(admin.listTopics())
          .failsWithin(60, TimeUnit.SECONDS)
          .withThrowableThat()
          .withMessageContaining("127.0.0.1:" + port);
    }
  }

  @Test
  @DisplayName("B94: a leader that dies without a word of it is found again through the others")
  void aLeaderThatDiesIsReplacedSoon() throws Exception {
    SimulatedWorld world = new SimulatedWorld(59, 3);
    world.cluster().createTopic("notes", 1);
    BrokerDiscovery discovery = Discoveries.ofBrokers(world, world.given(1, 2, 3));
    SimulatedProducer producer =
        new SimulatedProducer(world, SimulatedProducer.settings(), discovery);
    producer.learn("notes");
    producer.send("notes", 0, "one");
    producer.awaitAll();
    world.killBroker(1);
    world.cluster().lead("notes", 0, 2, false);
    long start = world.scheduler().nanoTime();
    producer.send("notes", 0, "two");
    producer.awaitAll();
    assertThat(producer.metadata(1).offset()).isEqualTo(1);
    assertThat(world.scheduler().nanoTime() - start).isLessThan(Duration.ofSeconds(5).toNanos());
    assertThat(world.scheduler().thrown()).isEmpty();
  }
}
