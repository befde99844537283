package io.millrace.client.metrics;

import static io.millrace.client.Metric.Kind.COUNTER;
import static io.millrace.client.Metric.Kind.GAUGE;

import io.millrace.client.Metric;

/** Every figure a client has. CLIENTS.md shows the same; a test holds the two together. */
public enum MetricName {
  RECORDS_WRITTEN("producer.records.written", COUNTER, "", "Records that ended as written."),
  RECORDS_FAILED(
      "producer.records.failed", COUNTER, "", "Records that ended as certainly not written."),
  RECORDS_UNKNOWN(
      "producer.records.unknown", COUNTER, "", "Records whose outcome ended as unknown."),
  BYTES_WRITTEN(
      "producer.written.bytes", COUNTER, "", "Batches that were written, as sent: compressed."),
  BATCHES_RETRIED(
      "producer.batches.retried", COUNTER, "", "Batches that were put back to be sent again."),
  SENDS_BLOCKED(
      "producer.sends.blocked", COUNTER, "", "Calls of send that waited for room or for a topic."),
  SEND_BLOCKED_MILLIS(
      "producer.sends.blocked.millis", COUNTER, "", "How long those waited in all."),
  BUFFER_USED_BYTES(
      "producer.buffer.used.bytes", GAUGE, "", "Memory of records that have not ended."),
  TOPIC_RECORDS_WRITTEN(
      "producer.topic.records.written", COUNTER, "topic", "Records written to the topic."),
  TOPIC_BYTES_WRITTEN(
      "producer.topic.written.bytes", COUNTER, "topic", "Batches written to the topic, as sent."),

  RECORDS_READ("consumer.records.read", COUNTER, "", "Records that poll returned."),
  TOPIC_RECORDS_READ(
      "consumer.topic.records.read", COUNTER, "topic", "Records of the topic that poll returned."),
  BYTES_FETCHED("consumer.fetched.bytes", COUNTER, "", "Batches that came, as stored."),
  PREFETCHED_BYTES(
      "consumer.prefetched.bytes", GAUGE, "", "What was fetched and has not been polled."),
  POLLS_FAILED(
      "consumer.failures.told",
      COUNTER,
      "",
      "Damage, truncation, missing offsets and the like that poll told of."),

  CONNECTION_OPEN("connection.open", GAUGE, "broker", "1 while there is a connection."),
  CONNECTIONS_OPENED("connection.opened", COUNTER, "broker", "Connections that became ready."),
  CONNECTIONS_FAILED(
      "connection.failed", COUNTER, "broker", "Attempts to connect that failed, and breaks."),
  REQUESTS("connection.requests", COUNTER, "broker", "Requests sent."),
  REQUEST_BYTES("connection.request.payload.bytes", COUNTER, "broker", "Records in requests."),
  REQUESTS_UNANSWERED(
      "connection.requests.unanswered", COUNTER, "broker", "Requests that got no answer."),
  REQUEST_MICROS(
      "connection.requests.micros",
      COUNTER,
      "broker",
      "From requests to their answers, in all; a fetch waits for records in there."),

  LOOKUPS("cluster.lookups", COUNTER, "", "Questions to the discovery about topics."),
  TOPICS_KNOWN("cluster.topics.known", GAUGE, "", "Topics this client has heard of."),
  DISCOVERY_CONNECTED(
      "cluster.discovery.connected", GAUGE, "", "1 while the discovery is up to date.");

  private final String text;
  private final Metric.Kind kind;
  private final String label;
  private final String meaning;

  MetricName(String text, Metric.Kind kind, String label, String meaning) {
    this.text = text;
    this.kind = kind;
    this.label = label;
    this.meaning = meaning;
  }

  public String text() {
    return text;
  }

  public Metric.Kind kind() {
    return kind;
  }

  /** Empty: there is one for the client. */
  public String label() {
    return label;
  }

  public String meaning() {
    return meaning;
  }
}
