package io.millrace.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class PeerLogTest {
  private static final Endpoint ONE = new Endpoint("10.0.0.1", 1_000);

  private final Logger logger = (Logger) LoggerFactory.getLogger("peer-log-test");
  private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
  private final SimulatedScheduler scheduler = new SimulatedScheduler(1);
  private final PeerLog log = new PeerLog(logger, new SimulatedTasks(scheduler).clock());

  @BeforeEach
  void listen() {
    logger.setAdditive(false);
    lines.start();
    logger.addAppender(lines);
  }

  @AfterEach
  void stop() {
    logger.detachAppender(lines);
  }

  private List<String> lines() {
    return lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  @Test
  void writesOneLineASecondForEachAddressAndCountsTheOthers() {
    for (int i = 0; i < 100; i++) {
      log.warn(new Endpoint("10.0.0.1", 1_000 + i), "no Hello");
    }
    log.warn(new Endpoint("10.0.0.2", 5), "no Hello");
    assertThat(lines()).containsExactly("10.0.0.1:1000: no Hello", "10.0.0.2:5: no Hello");
    scheduler.runFor(999_000_000);
    log.warn(ONE, "again");
    assertThat(lines()).hasSize(2);
    scheduler.runFor(1_000_000);
    log.warn(ONE, "again");
    scheduler.runFor(1_000_000_000);
    log.warn(ONE, "later");
    assertThat(lines())
        .endsWith(
            "10.0.0.1:1000: again (100 more lines about this address left out)",
            "10.0.0.1:1000: later");
  }

  @Test
  void s22_letsNothingButPrintableCharactersOfThePeersIntoTheLog() {
    log.warn(ONE, "cluster x\n2026-01-01 ERROR all lost\u001b[2J\u202e, not " + "y".repeat(5_000));
    assertThat(lines().get(0))
        .startsWith("10.0.0.1:1000: cluster x?2026-01-01 ERROR all lost?[2J?, not yyy")
        .hasSizeLessThan(500);
  }

  @Test
  void remembersABoundedNumberOfAddresses() {
    for (int i = 0; i < 25_000; i++) {
      log.warn(new Endpoint("host-" + i, 1), "bad");
    }
    assertThat(lines()).hasSize(25_000);
  }
}
