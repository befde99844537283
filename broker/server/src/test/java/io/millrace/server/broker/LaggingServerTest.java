package io.millrace.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.log.Batches;
import io.millrace.wire.v1.TopicInfo;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("F28: brokers on different servers of ZooKeeper, one of which is behind")
class LaggingServerTest {
  private final ThreeBrokers brokers = new ThreeBrokers(4712).started();

  @AfterEach
  void nothingWasThrown() {
    brokers.assertNothingWasThrown();
  }

  @Test
  @DisplayName("a follower that has registered anew is admitted although the leader's server lags")
  void admitsAFollowerThatHasRegisteredAnew() {
    TopicInfo topic = brokers.create("notes", 1, Map.of("min.in.sync", "2"));
    assertThat(brokers.produce(topic, 0, Batches.single("before")).hasError()).isFalse();
    int leader = brokers.leader("notes", 0);
    int follower = brokers.othersThan(leader).get(0);
    brokers.kill(follower);
    brokers.awaitInSync("notes", 0, 2);
    // Nothing that it reads tells of the other's new life, and it has nothing to write meanwhile.
    brokers.cluster.ensemble.setLagging(
        Objects.requireNonNull(brokers.machine(leader).store()), true);
    brokers.start(follower);
    brokers.awaitInSync("notes", 0, 3);
    assertThat(brokers.produce(topic, 0, Batches.single("after")).hasError()).isFalse();
  }
}
