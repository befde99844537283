package io.millrace.server.broker;

import static io.millrace.server.broker.SimulatedCluster.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** 4.20: a stop is bounded, and says at once what it cannot do. */
class StopWithoutZooKeeperTest {
  private final ThreeBrokers three = new ThreeBrokers(7).started();
  private final Logger logger = (Logger) LoggerFactory.getLogger("io.millrace");
  private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
  private Level usual = Level.WARN;

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
    three.assertNothingWasThrown();
  }

  private List<String> said() {
    return List.copyOf(lines.list).stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  @Test
  @DisplayName(
      "4.20, G-8: without ZooKeeper nothing can be handed over: said at once, and over soon")
  void isOverSoonAndSaysWhatItCannotDo() {
    three.create("notes", 3, Map.of());
    three.cluster.ensemble.stop();
    three.cluster.scheduler.runFor(SECOND);
    long before = three.cluster.scheduler.nanoTime();
    CompletableFuture<Boolean> stopped = three.machine(1).beginStop();
    three.cluster.scheduler.runFor(SECOND / 10);
    assertThat(said())
        .anyMatch(
            line ->
                line.startsWith(
                    "no contact with ZooKeeper: nothing that broker 1 leads can be handed over."));
    assertThat(three.cluster.await(stopped)).as("clean: all it had is on its disk").isTrue();
    assertThat(three.cluster.scheduler.nanoTime() - before).isLessThan(4 * SECOND);
    three.machine(1).leaveNetwork();
  }

  @Test
  void tellsHowManyItHasHandedOver() {
    three.create("notes", 3, Map.of());
    assertThat(three.stop(1)).isTrue();
    assertThat(said()).contains("broker 1 has handed over 1 of the 1 partitions it led");
  }
}
