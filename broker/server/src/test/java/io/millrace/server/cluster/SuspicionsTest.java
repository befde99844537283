package io.millrace.server.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class SuspicionsTest {
  private final Suspicions suspicions = new Suspicions();
  private final Logger logger = (Logger) LoggerFactory.getLogger(Suspicions.class);
  private final ListAppender<ILoggingEvent> lines = new ListAppender<>();

  @BeforeEach
  void listen() {
    logger.setLevel(Level.INFO);
    lines.start();
    logger.addAppender(lines);
  }

  @AfterEach
  void listenNoMore() {
    logger.detachAppender(lines);
    logger.setLevel(null);
  }

  private List<String> said() {
    return lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  @Test
  @DisplayName("G-8: a suspicion that passes is nobody's business")
  void saysNothingOfOneWithoutConsequences() {
    suspicions.add(2, 7, "no answer for 125 ms");
    suspicions.remove(2, 7);
    assertThat(said()).isEmpty();
  }

  @Test
  void tellsOnceThatWhatItLeadsIsTakenFromItAndThatItIsOver() {
    suspicions.add(2, 7, "no answer for 125 ms");
    suspicions.depose(2);
    suspicions.depose(2);
    suspicions.remove(2, 6);
    suspicions.remove(2, 7);
    suspicions.depose(2);
    assertThat(said())
        .containsExactly(
            "broker 2 (incarnation 7) is suspected, and others are elected in its place: no answer"
                + " for 125 ms",
            "broker 2 (incarnation 7) is suspected no more");
  }
}
