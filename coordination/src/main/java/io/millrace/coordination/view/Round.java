package io.millrace.coordination.view;

import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.store.ReadOutcome;
import io.millrace.coordination.store.ZnodePaths;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads what a {@link Rereading} names and puts it into the picture. Owner: the store's loop. Used
 * once.
 */
final class Round {
  private static final Logger log = LoggerFactory.getLogger(Round.class);

  /** Hears of each topic as it is after its own node was read; null: it is not there. */
  interface TopicListener {
    void onTopic(String name, @Nullable TopicPicture topic);
  }

  private final ClusterStore store;
  private final ReadWindow window;
  private final Picture picture;
  private final TopicListener topicListener;

  /** False once contact was lost: answers may then be of a server that is behind. */
  private final BooleanSupplier isSameContact;

  private final Consumer<Boolean> onEnd;
  private int pending = 1;
  private boolean failed;

  Round(
      ClusterStore store,
      ReadWindow window,
      Picture picture,
      TopicListener topicListener,
      BooleanSupplier isSameContact,
      Consumer<Boolean> onEnd) {
    this.store = store;
    this.window = window;
    this.picture = picture;
    this.topicListener = topicListener;
    this.isSameContact = isSameContact;
    this.onEnd = onEnd;
  }

  void start(Rereading what) {
    if (what.cluster) {
      read(() -> store.read(ZnodePaths.CLUSTER), picture::onCluster);
    }
    if (what.allBrokers) {
      read(() -> store.children(ZnodePaths.LIVE_BROKERS), this::onBrokerList);
    } else {
      what.brokers.forEach(this::readBroker);
    }
    if (what.allTopics) {
      read(() -> store.children(ZnodePaths.TOPICS), this::onTopicList);
    } else {
      what.topics.stream()
          .filter(name -> !what.wholeTopics.contains(name))
          .forEach(name -> readTopic(name, false));
    }
    what.wholeTopics.forEach(name -> readTopic(name, true));
    if (!what.allTopics && what.topics.stream().anyMatch(name -> TopicNames.fault(name) != null)) {
      // No path is built of such a name: the list says whether it is there.
      read(() -> store.children(ZnodePaths.TOPICS), this::onStrangers);
    }
    for (String topicId : what.wholeTopicIds) {
      String name = picture.nameOf(topicId);
      if (name != null && !what.wholeTopics.contains(name)) {
        readTopic(name, true);
      }
    }
    what.strangers.forEach(
        path -> picture.refuse(path, "nothing of ours stands below a topic's node"));
    what.partitions.forEach(key -> readPartition(key.topicId(), key.partition()));
    ended();
  }

  private void onBrokerList(ReadOutcome<List<String>> outcome) {
    List<Integer> ids = new ArrayList<>();
    List<String> names = names(outcome);
    for (String name : names) {
      if (name.matches("0|[1-9][0-9]{0,8}")) {
        ids.add(Integer.parseInt(name));
      } else {
        picture.refuse(ZnodePaths.LIVE_BROKERS + "/" + name, "its name is no broker id");
      }
    }
    picture.onBrokerList(ids, names);
    ids.forEach(this::readBroker);
  }

  private void readBroker(int id) {
    read(() -> store.read(ZnodePaths.liveBroker(id)), outcome -> picture.onBroker(id, outcome));
  }

  private void onTopicList(ReadOutcome<List<String>> outcome) {
    List<String> names = names(outcome);
    picture.onTopicList(names);
    names.forEach(
        name -> {
          if (!refuseStranger(name)) {
            readTopic(name, true);
          }
        });
  }

  private void onStrangers(ReadOutcome<List<String>> outcome) {
    List<String> names = names(outcome);
    picture.forgetOtherTopics(names);
    names.forEach(this::refuseStranger);
  }

  private boolean refuseStranger(String name) {
    String fault = TopicNames.fault(name);
    if (fault != null) {
      picture.refuse(ZnodePaths.TOPICS + "/" + name, fault);
    }
    return fault != null;
  }

  private void readTopic(String name, boolean isWhole) {
    if (TopicNames.fault(name) != null) {
      return;
    }
    read(
        () -> store.read(ZnodePaths.topic(name)),
        outcome -> {
          TopicPicture topic = picture.onTopic(name, outcome);
          topicListener.onTopic(name, topic);
          if (topic != null) {
            for (int partition = 0; partition < topic.partitionCount(); partition++) {
              if (isWhole || !topic.knows(partition)) {
                readPartition(topic.id(), partition);
              }
            }
          }
        });
  }

  private void readPartition(String topicId, int partition) {
    TopicPicture topic = picture.topicById(topicId);
    if (topic == null || partition >= topic.partitionCount()) {
      // The topic's own node, which comes last, will bring it.
      return;
    }
    read(
        () -> store.read(ZnodePaths.partition(topicId, partition)),
        outcome -> picture.onPartition(topicId, partition, outcome));
  }

  private static List<String> names(ReadOutcome<List<String>> outcome) {
    return outcome instanceof ReadOutcome.Found<List<String>> found ? found.value() : List.of();
  }

  private <T> void read(
      Supplier<CompletionStage<ReadOutcome<T>>> reading, Consumer<ReadOutcome<T>> apply) {
    pending++;
    window.read(
        reading,
        outcome -> {
          try {
            if (outcome instanceof ReadOutcome.Unavailable<T> unavailable) {
              if (!failed) {
                log.warn("the picture of the cluster stays as it is: {}", unavailable.why());
              }
              failed = true;
            } else if (isSameContact.getAsBoolean()) {
              apply.accept(outcome);
            } else {
              failed = true;
            }
          } finally {
            ended();
          }
        });
  }

  private void ended() {
    if (--pending == 0) {
      onEnd.accept(!failed);
    }
  }
}
