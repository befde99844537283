package io.millrace.coordination.topics;

import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.store.NextContact;
import io.millrace.coordination.store.Node;
import io.millrace.coordination.store.ReadOutcome;
import io.millrace.coordination.store.StoreOp;
import io.millrace.coordination.store.WriteOutcome;
import io.millrace.coordination.store.WriteOutcome.Conflict;
import io.millrace.coordination.store.WriteOutcome.Rejected;
import io.millrace.coordination.store.ZnodeJson;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.coordination.store.ZnodeReading;
import io.millrace.coordination.v1.NameNode;
import io.millrace.coordination.v1.TopicNode;
import io.millrace.coordination.v1.TopicState;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes one new topic, transaction by transaction. Owner: the store's loop. Used once.
 *
 * <p>After an unknown outcome the same transaction is sent again: the topic's id is random, so what
 * stands under it can only be ours, and a conflict over it means that the first sending arrived.
 */
final class TopicWriting {
  private static final Logger log = LoggerFactory.getLogger(TopicWriting.class);
  private static final int MAX_SENDINGS = 40;

  private final ClusterStore store;
  private final NewTopic topic;
  private final List<List<StoreOp>> transactions;
  private final CompletableFuture<CreateOutcome> outcome;

  /** The next to be sent. */
  private int step;

  private int sendings;

  /** Something of it stands, or may. */
  private boolean mayStand;

  TopicWriting(
      ClusterStore store,
      NewTopic topic,
      List<List<StoreOp>> transactions,
      CompletableFuture<CreateOutcome> outcome) {
    this.store = store;
    this.topic = topic;
    this.transactions = transactions;
    this.outcome = outcome;
  }

  void start() {
    send();
  }

  private void send() {
    sendings++;
    store.transact(transactions.get(step)).thenAccept(this::onWritten);
  }

  private void onWritten(WriteOutcome written) {
    if (written instanceof WriteOutcome.Applied) {
      onApplied();
    } else if (written instanceof Conflict conflict) {
      onConflict(conflict);
    } else if (written instanceof WriteOutcome.Unknown) {
      mayStand = true;
      sendAgainLater(written);
    } else if (written instanceof Rejected rejected
        && rejected.reason() == Rejected.Reason.NO_CONTACT
        && mayStand) {
      sendAgainLater(written);
    } else if (written instanceof Rejected rejected) {
      outcome.complete(
          rejected.reason() == Rejected.Reason.TOO_LARGE
              ? new CreateOutcome.Invalid(CreateOutcome.Invalid.Reason.SETTING, rejected.why())
              : new CreateOutcome.Unavailable(rejected.why()));
    }
  }

  private void onApplied() {
    mayStand = true;
    if (++step < transactions.size()) {
      send();
    } else {
      log.info("created topic {} as {}", topic.name(), topic.topicId());
      outcome.complete(
          new CreateOutcome.Created(
              topic.name(),
              topic.topicId(),
              topic.replicas().size(),
              topic.replicationFactor(),
              topic.settings()));
    }
  }

  private void onConflict(Conflict conflict) {
    if (conflict.kind() != Conflict.Kind.EXISTS) {
      outcome.complete(
          new CreateOutcome.Unavailable("the creation was given up meanwhile: " + conflict));
    } else if (step < transactions.size() - 1) {
      // Only nodes under our own id: an earlier sending of this arrived.
      onApplied();
    } else if (conflict.path().equals(topic.guardPath())) {
      store.read(conflict.path()).thenAccept(this::onGuard);
    } else {
      // That too, or the name is taken.
      readBack();
    }
  }

  /** The topic's own name was free, as far as this transaction came; another holds its like. */
  private void onGuard(ReadOutcome<Node> read) {
    if (read instanceof ReadOutcome.Found<Node> found
        && ZnodeJson.NAME.read(found.value().data())
            instanceof ZnodeReading.Understood<NameNode> understood
        && !understood.content().getTopicId().equals(topic.topicId())) {
      NameNode holder = understood.content();
      outcome.complete(
          new CreateOutcome.Invalid(
              CreateOutcome.Invalid.Reason.NAME,
              "the topic name "
                  + topic.name()
                  + " collides with "
                  + holder.getName()
                  + ", the name of "
                  + holder.getTopicId()
                  + ": names may not differ only in \".\" and \"_\""));
    } else {
      // Ours; or gone, or not to be read: the topic's own node tells.
      readBack();
    }
  }

  private void readBack() {
    store.read(ZnodePaths.topic(topic.name())).thenAccept(this::onReadBack);
  }

  private void onReadBack(ReadOutcome<Node> read) {
    if (read instanceof ReadOutcome.Unavailable<Node> unavailable) {
      outcome.complete(unknown(unavailable.why()));
    } else if (read instanceof ReadOutcome.Found<Node> found
        && ZnodeJson.TOPIC.read(found.value().data())
            instanceof ZnodeReading.Understood<TopicNode> understood) {
      TopicNode there = understood.content();
      if (there.getTopicId().equals(topic.topicId())) {
        onApplied();
      } else {
        outcome.complete(
            new CreateOutcome.Exists(there.getTopicId(), there.getState() == TopicState.DELETING));
      }
    } else {
      // Unreadable; or it was there a moment ago, and is not any more.
      outcome.complete(new CreateOutcome.Exists("", false));
    }
  }

  private void sendAgainLater(WriteOutcome written) {
    if (sendings >= MAX_SENDINGS) {
      outcome.complete(unknown(written.toString()));
      return;
    }
    NextContact.then(store, this::send);
  }

  private CreateOutcome unknown(String why) {
    return new CreateOutcome.Unknown(topic.topicId(), why);
  }
}
