package io.millrace.client.cluster;

import io.millrace.client.Broker;
import io.millrace.client.TopicDescription;
import io.millrace.wire.v1.Error;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.MetadataResponse;
import io.millrace.wire.v1.TopicInfo;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * What one broker says of the cluster, without what makes no sense.
 *
 * @param brokerId who says it
 * @param found by name
 * @param missing names that no topic has, as far as this broker can tell
 * @param untold names and why this broker cannot tell about them
 */
record MetadataAnswer(
    int brokerId,
    String clusterId,
    Map<Integer, Broker> brokers,
    Map<String, TopicDescription> found,
    Set<String> missing,
    Map<String, Error> untold) {

  private static final Error NOTHING =
      Error.newBuilder()
          .setCode(ErrorCode.INTERNAL)
          .setMessage("the broker said nothing about it")
          .build();

  /**
   * @param asked the names; what the answer says of others is ignored
   */
  static MetadataAnswer read(int brokerId, Set<String> asked, MetadataResponse response) {
    Map<Integer, Broker> brokers = new HashMap<>();
    response
        .getBrokersList()
        .forEach(info -> Descriptions.broker(info).ifPresent(b -> brokers.put(b.id(), b)));
    Map<String, TopicDescription> found = new HashMap<>();
    Set<String> missing = new HashSet<>();
    Map<String, Error> untold = new HashMap<>();
    asked.forEach(name -> untold.put(name, NOTHING));
    for (TopicInfo info : response.getTopicsList()) {
      String name = info.getName();
      if (untold.remove(name) == null) {
        continue;
      }
      ErrorCode error = info.getError().getCode();
      if (!info.hasError() && !info.getTopicId().isEmpty()) {
        found.put(name, Descriptions.topic(info));
      } else if (error == ErrorCode.UNKNOWN_TOPIC || error == ErrorCode.INVALID_TOPIC_NAME) {
        missing.add(name);
      } else {
        untold.put(name, info.getError());
      }
    }
    return new MetadataAnswer(brokerId, response.getClusterId(), brokers, found, missing, untold);
  }

  boolean isAbout(String name) {
    return found.containsKey(name) || missing.contains(name) || untold.containsKey(name);
  }
}
