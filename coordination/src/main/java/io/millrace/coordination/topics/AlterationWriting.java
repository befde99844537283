package io.millrace.coordination.topics;

import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.store.NextContact;
import io.millrace.coordination.store.Node;
import io.millrace.coordination.store.ReadOutcome;
import io.millrace.coordination.store.StoreOp;
import io.millrace.coordination.store.WriteOutcome;
import io.millrace.coordination.store.ZnodeJson;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.coordination.store.ZnodeReading;
import io.millrace.coordination.v1.TopicNode;
import io.millrace.coordination.v1.TopicState;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One alteration, over as many tries as it takes to know what became of it. Owner: the store's
 * loop. Used once.
 *
 * <p>Every try begins with reading. After a write of unknown outcome the version of the topic's
 * node tells: as it was, and the same is written again on it; moved, and either the topic is as
 * wanted, or somebody else has altered it since and nobody can tell any more. What others wrote
 * after a first sending is never written over by a second.
 */
final class AlterationWriting {
  private static final Logger log = LoggerFactory.getLogger(AlterationWriting.class);
  private static final int MAX_TRIES = 40;

  /**
   * One request.
   *
   * @param outcome to be completed
   */
  record Asked(
      AlterationRequest wanted, boolean isTrial, CompletableFuture<AlterOutcome> outcome) {}

  /** What was sent with an unknown outcome. */
  private record Doubt(String topicId, int version) {}

  private final ClusterStore store;
  private final SettingCheck settingCheck;
  private final AddedPartitions added;
  private final Asked asked;
  private final String path;
  private int tries;
  private Optional<Doubt> doubt = Optional.empty();

  AlterationWriting(
      ClusterStore store, SettingCheck settingCheck, AddedPartitions added, Asked asked) {
    this.store = store;
    this.settingCheck = settingCheck;
    this.added = added;
    this.asked = asked;
    this.path = ZnodePaths.topic(asked.wanted().name());
  }

  void start() {
    store
        .sync(ZnodePaths.ROOT)
        .thenAccept(
            isSynced -> {
              if (isSynced) {
                store.read(path).thenAccept(this::onRead);
              } else {
                again("no contact with ZooKeeper");
              }
            });
  }

  private void onRead(ReadOutcome<Node> read) {
    if (read instanceof ReadOutcome.Unavailable<Node> unavailable) {
      again(unavailable.why());
    } else if (!(read instanceof ReadOutcome.Found<Node> found)) {
      end(new AlterOutcome.NotFound("there is no topic " + asked.wanted().name()));
    } else if (ZnodeJson.TOPIC.read(found.value().data())
            instanceof ZnodeReading.Understood<TopicNode> understood
        && understood.isComplete()) {
      onTopic(understood.content(), found.value().version());
    } else {
      end(
          new AlterOutcome.Unavailable(
              "the topic's node holds what this broker does not understand"));
    }
  }

  private void onTopic(TopicNode topic, int version) {
    AlterationRequest wanted = asked.wanted();
    if (wanted.topicId().filter(id -> !id.equals(topic.getTopicId())).isPresent()) {
      end(
          new AlterOutcome.NotFound(
              "topic "
                  + wanted.name()
                  + " has the id "
                  + topic.getTopicId()
                  + ", not "
                  + wanted.topicId().get()));
    } else if (topic.getState() == TopicState.DELETING) {
      end(new AlterOutcome.NotFound("topic " + wanted.name() + " is being deleted"));
    } else if (doubt
        .filter(sent -> !sent.equals(new Doubt(topic.getTopicId(), version)))
        .isPresent()) {
      boolean isSame = topic.getTopicId().equals(doubt.get().topicId());
      end(
          isSame && AlterationPlan.isMet(wanted, topic)
              ? altered(topic)
              : unknown("somebody else has altered it since, or made it anew"));
    } else {
      decide(topic, version);
    }
  }

  private void decide(TopicNode topic, int version) {
    AlterationPlan plan = AlterationPlan.decide(topic, asked.wanted(), settingCheck);
    if (plan instanceof AlterationPlan.Refuse refuse) {
      end(refuse.why());
    } else if (asked.isTrial()) {
      TopicNode next = plan instanceof AlterationPlan.Change change ? change.next() : topic;
      AlterOutcome refused = added.refuse(topic, next.getPartitions());
      end(
          refused != null
              ? refused
              : new AlterOutcome.Valid(
                  next.getTopicId(),
                  next.getPartitions(),
                  next.getReplicationFactor(),
                  next.getSettingsMap()));
    } else if (plan instanceof AlterationPlan.Change change) {
      write(topic, change, version);
    } else {
      end(altered(topic));
    }
  }

  private void write(TopicNode topic, AlterationPlan.Change change, int version) {
    StoreOp last = new StoreOp.Set(path, ZnodeJson.TOPIC.write(change.next()), version);
    if (change.next().getPartitions() == topic.getPartitions()) {
      send(List.of(List.of(last)), 0, change, version);
      return;
    }
    AlterOutcome refused = added.refuse(topic, change.next().getPartitions());
    if (refused != null) {
      end(refused);
      return;
    }
    added
        .transactions(topic, change.next().getPartitions(), new StoreOp.Check(path, version), last)
        .thenAccept(
            transactions -> {
              if (transactions.isEmpty()) {
                again("the topic's partitions could not be listed");
              } else {
                send(transactions, 0, change, version);
              }
            });
  }

  private void send(
      List<List<StoreOp>> transactions, int step, AlterationPlan.Change change, int version) {
    store
        .transact(transactions.get(step))
        .thenAccept(
            written -> {
              boolean isLast = step == transactions.size() - 1;
              if (written instanceof WriteOutcome.Applied && isLast) {
                log.info("topic {} is altered: {}", asked.wanted().name(), change.changes());
                end(altered(change.next()));
              } else if (written instanceof WriteOutcome.Applied) {
                send(transactions, step + 1, change, version);
              } else {
                if (written instanceof WriteOutcome.Unknown && isLast) {
                  doubt = Optional.of(new Doubt(change.next().getTopicId(), version));
                }
                onFailed(written);
              }
            });
  }

  private void onFailed(WriteOutcome written) {
    if (written instanceof WriteOutcome.Rejected rejected
        && rejected.reason() == WriteOutcome.Rejected.Reason.TOO_LARGE) {
      end(new AlterOutcome.Invalid(AlterOutcome.Invalid.Reason.SETTING, rejected.why()));
    } else {
      // Altered by somebody else in between, or unknown: what stands there now tells.
      again(written.toString());
    }
  }

  private void again(String why) {
    boolean isPointless = doubt.isEmpty() && store.sessionId().isEmpty();
    if (isPointless || ++tries >= MAX_TRIES) {
      end(doubt.isEmpty() ? new AlterOutcome.Unavailable(why) : unknown(why));
    } else {
      NextContact.then(store, this::start);
    }
  }

  private AlterOutcome unknown(String why) {
    return new AlterOutcome.Unknown(doubt.map(Doubt::topicId).orElse(""), why);
  }

  private static AlterOutcome altered(TopicNode topic) {
    return new AlterOutcome.Altered(
        topic.getTopicId(), topic.getPartitions(), topic.getSettingsMap());
  }

  private void end(AlterOutcome outcome) {
    asked.outcome().complete(outcome);
  }
}
