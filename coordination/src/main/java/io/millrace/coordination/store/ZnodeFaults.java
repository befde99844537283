package io.millrace.coordination.store;

import io.millrace.coordination.v1.ClusterNode;
import io.millrace.coordination.v1.DeletedTopicNode;
import io.millrace.coordination.v1.EndpointNode;
import io.millrace.coordination.v1.KnownBrokerNode;
import io.millrace.coordination.v1.LiveBrokerNode;
import io.millrace.coordination.v1.NameNode;
import io.millrace.coordination.v1.PartitionNode;
import io.millrace.coordination.v1.PartitionsNode;
import io.millrace.coordination.v1.ProducerIdsNode;
import io.millrace.coordination.v1.TopicNode;
import io.millrace.coordination.v1.TopicState;
import io.millrace.rpc.Endpoint;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What can be wrong with a node's content although its JSON is in order: who acts on a node relies
 * on none of these. Each method returns what is wrong, or null. B72, B74.
 */
final class ZnodeFaults {
  /** Of one topic; also what a single request may name. */
  static final int MAX_PARTITIONS = 10_000;

  private static final int MAX_TEXT = 255;
  private static final Pattern TOPIC_ID = Pattern.compile("[A-Za-z0-9._-]{1,200}~[a-z2-7]{8}");

  /** Of producers' numbers, below the random part of their ids. */
  private static final long MAX_PRODUCERS = 1L << 40;

  private ZnodeFaults() {}

  static @Nullable String of(ClusterNode node) {
    return node.getClusterId().isEmpty() ? "it names no cluster id" : text(node.getClusterId());
  }

  static @Nullable String of(ProducerIdsNode node) {
    // A block more must fit.
    return node.getNext() < 0 || node.getNext() > MAX_PRODUCERS - 1_000_000
        ? "next is over 2^40: " + Long.toUnsignedString(node.getNext())
        : null;
  }

  static @Nullable String of(KnownBrokerNode node) {
    return node.getDirectoryId().isEmpty()
        ? "it names no directory id"
        : text(node.getDirectoryId());
  }

  static @Nullable String of(LiveBrokerNode node) {
    if (node.getId() < 0 || node.getIncarnation() < 0) {
      return "a number is over 2147483647";
    }
    if (node.getDirectoryId().isEmpty() || node.getBootId().isEmpty()) {
      return "it names no directory id or no boot id";
    }
    Set<String> listeners = new HashSet<>();
    for (EndpointNode endpoint : node.getEndpointsList()) {
      String fault = of(endpoint);
      if (fault != null) {
        return fault;
      }
      if (!listeners.add(endpoint.getListener())) {
        return "the listener " + endpoint.getListener() + " comes twice";
      }
    }
    return firstFault(node.getRack(), node.getSoftwareVersion(), node.getDirectoryId());
  }

  private static @Nullable String of(EndpointNode endpoint) {
    if (endpoint.getListener().isEmpty()) {
      return "an endpoint names no listener";
    }
    if (endpoint.getPort() == 0) {
      return "the port of " + endpoint.getListener() + " is 0";
    }
    try {
      Endpoint checked = new Endpoint(endpoint.getHost(), endpoint.getPort());
      return firstFault(checked.host(), endpoint.getListener());
    } catch (IllegalArgumentException e) {
      return "endpoint of " + endpoint.getListener() + ": " + e.getMessage();
    }
  }

  static @Nullable String of(TopicNode node) {
    if (!TOPIC_ID.matcher(node.getTopicId()).matches()) {
      return "its topic id is none";
    }
    if (node.getPartitions() < 1 || node.getPartitions() > MAX_PARTITIONS) {
      return "its partition count is outside 1 to " + MAX_PARTITIONS;
    }
    if (node.getReplicationFactor() < 1) {
      return "its replication factor is below 1";
    }
    return node.getState() == TopicState.ACTIVE || node.getState() == TopicState.DELETING
        ? null
        : "its state is not known";
  }

  static @Nullable String of(NameNode node) {
    return TOPIC_ID.matcher(node.getTopicId()).matches()
        ? text(node.getName())
        : "its topic id is none";
  }

  static @Nullable String of(DeletedTopicNode node) {
    return node.getPartitions() < 1 || node.getPartitions() > MAX_PARTITIONS
        ? "its partition count is outside 1 to " + MAX_PARTITIONS
        : null;
  }

  static @Nullable String of(PartitionsNode node) {
    return switch (node.getState()) {
      case MAKING, MADE, ABANDONED -> null;
      default -> "its state is not known";
    };
  }

  static @Nullable String of(PartitionNode node) {
    List<Integer> replicas = node.getReplicasList();
    if (replicas.isEmpty() || !areDistinctIds(replicas)) {
      return "its replicas are none, or one comes twice: " + replicas;
    }
    if (node.hasLeader() && !replicas.contains(node.getLeader())) {
      return "its leader " + node.getLeader() + " is not among its replicas " + replicas;
    }
    if (node.getLeaderEpoch() < 0 || node.getLeaderIncarnation() < 0) {
      return "its leader epoch or incarnation is over 2147483647";
    }
    List<Integer> inSync = node.getInSyncList();
    if (inSync.isEmpty()) {
      return "its in-sync set is empty";
    }
    if (!isWithin(inSync, replicas) || !isWithin(node.getEligibleList(), replicas)) {
      return "its in-sync or eligible set names others than its replicas " + replicas;
    }
    if (node.getEligibleList().stream().anyMatch(inSync::contains)) {
      return "a replica is both in the in-sync and in the eligible set";
    }
    return isWithin(node.getAddingList(), replicas) && isWithin(node.getRemovingList(), replicas)
        ? null
        : "it adds or removes others than its replicas " + replicas;
  }

  private static boolean areDistinctIds(Collection<Integer> ids) {
    return Set.copyOf(ids).size() == ids.size() && ids.stream().allMatch(id -> id >= 0);
  }

  private static boolean isWithin(Collection<Integer> some, Collection<Integer> all) {
    return areDistinctIds(some) && all.containsAll(some);
  }

  private static @Nullable String firstFault(String... texts) {
    for (String text : texts) {
      String fault = text(text);
      if (fault != null) {
        return fault;
      }
    }
    return null;
  }

  private static @Nullable String text(String text) {
    if (text.length() > MAX_TEXT) {
      return "a text is longer than " + MAX_TEXT + " characters";
    }
    return text.chars().anyMatch(Character::isISOControl)
        ? "a text holds control characters"
        : null;
  }
}
