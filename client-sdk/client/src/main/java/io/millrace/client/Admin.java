package io.millrace.client;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Looks at a cluster and changes its topics. Safe for any number of threads.
 *
 * <p>No method blocks. A future ends within the call time-out of the settings, on the client's own
 * thread, which must not be blocked; what is wrong it tells as a {@link
 * io.millrace.client.errors.MillraceException}. Questions are asked again, of another broker if
 * need be, until the time-out; changes only while it is certain that they did not happen: else they
 * end with {@link io.millrace.client.errors.OutcomeUnknownException}.
 */
public interface Admin extends AutoCloseable {
  /** Starts a client. Contacts nobody yet. */
  static Admin create(AdminSettings settings) {
    return AdminClient.start(settings);
  }

  /**
   * Creates a topic.
   *
   * @return the topic as created, or as it would be when only validated. Fails with {@link
   *     io.millrace.client.errors.TopicExistsException}, {@link
   *     io.millrace.client.errors.InvalidRequestException} (name, numbers, settings) or {@link
   *     io.millrace.client.errors.NotEnoughReplicasException} (more replicas than live brokers)
   */
  CompletableFuture<TopicDescription> createTopic(NewTopic topic);

  /**
   * Deletes a topic with all its records.
   *
   * @return the id of the topic that is being deleted. Fails with {@link
   *     io.millrace.client.errors.UnknownTopicException}
   */
  CompletableFuture<String> deleteTopic(String name);

  /**
   * Changes settings of a topic, or gives it more partitions or replicas.
   *
   * @return the topic as it is after the change, or would be when only validated. Fails with {@link
   *     io.millrace.client.errors.UnknownTopicException}, {@link
   *     io.millrace.client.errors.InvalidRequestException} (settings, fewer partitions or
   *     replicas), {@link io.millrace.client.errors.NotEnoughReplicasException} (too few live
   *     brokers) or, when the change may have happened, {@link
   *     io.millrace.client.errors.OutcomeUnknownException}
   */
  CompletableFuture<TopicDescription> alterTopic(TopicChange change);

  /**
   * Makes each partition forget its oldest records: they can no longer be read, and their disk
   * space is given back. What is lost on the way is asked again, since forgetting twice does no
   * harm.
   *
   * @return for every partition asked for, in the order asked for; partitions fail one by one: with
   *     {@link io.millrace.client.errors.UnknownTopicException}, {@link
   *     io.millrace.client.errors.UnknownPartitionException}, {@link
   *     io.millrace.client.errors.InvalidRequestException} (an offset beyond the end), {@link
   *     io.millrace.client.errors.TimedOutException} (certainly not trimmed) or {@link
   *     io.millrace.client.errors.OutcomeUnknownException}
   */
  CompletableFuture<Map<TopicPartition, TrimResult>> trim(Map<TopicPartition, TrimSpec> partitions);

  /**
   * Has every broker that stores a topic keep of each key the latest record only, up to where the
   * topic ends now, whatever share of it has not been compacted before and however new it is.
   * Brokers do that by themselves in time; asking twice does no harm.
   *
   * @param partitions empty: all
   * @param timeout how long to wait for it, which may be longer than other calls take; what is not
   *     done by then may go on
   * @return each replica, by partition and broker; they fail one by one, with {@link
   *     io.millrace.client.errors.BrokerUnavailableException} (the broker is down, or says what is
   *     in the way), {@link io.millrace.client.errors.InvalidRequestException} (the topic's cleanup
   *     is delete) or {@link io.millrace.client.errors.TimedOutException}. As a whole it fails with
   *     {@link io.millrace.client.errors.UnknownTopicException} or {@link
   *     io.millrace.client.errors.UnknownPartitionException}
   */
  CompletableFuture<List<CompactResult>> compactTopic(
      String name, Collection<Integer> partitions, Duration timeout);

  /**
   * Describes topics.
   *
   * @return by name, in the order asked for. Fails with {@link
   *     io.millrace.client.errors.UnknownTopicException} when one of them does not exist
   */
  CompletableFuture<Map<String, TopicDescription>> describeTopics(Collection<String> names);

  /** All topics, by name. */
  CompletableFuture<List<TopicListing>> listTopics();

  /** The cluster in figures, as one broker sees it. */
  CompletableFuture<ClusterDescription> describeCluster();

  /**
   * Every setting that a topic has, whether set or not.
   *
   * @return by the topics' names, in the order asked for; settings in the broker's order. Fails
   *     with {@link io.millrace.client.errors.UnknownTopicException} when one of them does not
   *     exist
   */
  CompletableFuture<Map<String, List<SettingDescription>>> describeTopicSettings(
      Collection<String> names);

  /**
   * Every setting that a broker runs with; secrets come without their values.
   *
   * @return in the broker's order. Fails with {@link
   *     io.millrace.client.errors.BrokerUnavailableException} when the broker is not alive
   */
  CompletableFuture<List<SettingDescription>> describeBrokerSettings(int brokerId);

  /**
   * Asks each partition's leader for an offset.
   *
   * @return for every partition asked for. Fails with {@link
   *     io.millrace.client.errors.UnknownTopicException} or {@link
   *     io.millrace.client.errors.UnknownPartitionException} when one of them does not exist
   */
  CompletableFuture<Map<TopicPartition, ListedOffset>> listOffsets(
      Map<TopicPartition, OffsetSpec> partitions);

  /**
   * Why a partition is as it is: who leads it or why nobody does, which replicas lag and since
   * when, what its records wait for. Its leader is asked, and when that cannot answer, the other
   * replicas, then any broker.
   *
   * @return what the first of them says. Fails with {@link
   *     io.millrace.client.errors.UnknownTopicException}, {@link
   *     io.millrace.client.errors.UnknownPartitionException} or, asked of brokers of an earlier
   *     version, {@link io.millrace.client.errors.UnsupportedFeatureException}
   */
  CompletableFuture<Explanation> explainPartition(TopicPartition partition);

  /**
   * Why a broker is as it is: its disk, its contact with ZooKeeper, what it leads and follows, what
   * it waits for. The broker itself is asked.
   *
   * @return what it says. Fails with {@link io.millrace.client.errors.BrokerUnavailableException}
   *     when it is not alive
   */
  CompletableFuture<Explanation> explainBroker(int brokerId);

  /**
   * Asks for other leaders of a topic's partitions.
   *
   * @param partitions empty: all of the topic
   * @return for every partition asked for; they fail one by one, as an unclean election of a
   *     partition that has a leader does not. Fails as a whole with {@link
   *     io.millrace.client.errors.UnknownTopicException}
   */
  CompletableFuture<Map<TopicPartition, ElectionResult>> electLeaders(
      String topic, Collection<Integer> partitions, ElectionKind kind);

  /**
   * Makes a broker hand over everything it leads, as before a stop. It stays a replica of its
   * partitions, and leads none of them by preference, until it starts again or {@link
   * #cancelDrain}.
   *
   * @return when that is done, what it came to. Fails with {@link
   *     io.millrace.client.errors.BrokerUnavailableException} when the broker is not alive, and
   *     with {@link io.millrace.client.errors.TimedOutException} when it takes longer than a call
   *     may: asking again goes on with it
   */
  CompletableFuture<DrainResult> drainBroker(int brokerId);

  /** Ends {@link #drainBroker}: the broker may lead by preference again. */
  CompletableFuture<Void> cancelDrain(int brokerId);

  /** All groups, by id. */
  default CompletableFuture<List<GroupListing>> listGroups() {
    throw new UnsupportedOperationException(); // of a stand-in in an application's tests
  }

  /**
   * A group: its members, what each reads, and how far the group has come.
   *
   * @return as its coordinator sees it. Fails with {@link
   *     io.millrace.client.errors.UnknownGroupException}
   */
  default CompletableFuture<GroupDescription> describeGroup(String groupId) {
    throw new UnsupportedOperationException();
  }

  /**
   * Why a group is as it is: its coordinator, members that wait or are silent, partitions in which
   * it does not come on. The coordinator is asked; when that does not answer, any broker.
   *
   * @return what they say
   */
  default CompletableFuture<Explanation> explainGroup(String groupId) {
    throw new UnsupportedOperationException();
  }

  /**
   * Forgets a group without members, and how far it has come.
   *
   * @return fails with {@link io.millrace.client.errors.UnknownGroupException}, {@link
   *     io.millrace.client.errors.GroupInUseException} or, when it may have been deleted, {@link
   *     io.millrace.client.errors.OutcomeUnknownException}
   */
  default CompletableFuture<Void> deleteGroup(String groupId) {
    throw new UnsupportedOperationException();
  }

  /**
   * Says for a group without members where it goes on; a group that is not there yet comes to be.
   *
   * @return fails with {@link io.millrace.client.errors.GroupInUseException} or {@link
   *     io.millrace.client.errors.UnknownTopicException}
   */
  default CompletableFuture<Void> resetGroup(
      String groupId, Map<TopicPartition, CommittedOffset> offsets) {
    throw new UnsupportedOperationException();
  }

  /** The client's figures as they are now; from any thread, also when it has been closed. */
  default List<Metric> metrics() {
    return List.of(); // of a stand-in in an application's tests
  }

  /** {@link #close(Duration)} with the call time-out. */
  @Override
  void close();

  /**
   * Waits for the calls under way, at most so long; those left then fail, as unknown when a change
   * may have happened. On the client's own thread it does not wait.
   *
   * @throws io.millrace.client.errors.InterruptException interrupted; closing goes on behind it
   */
  void close(Duration timeout);
}
