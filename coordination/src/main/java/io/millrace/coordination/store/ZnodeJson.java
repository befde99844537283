package io.millrace.coordination.store;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import io.millrace.coordination.v1.ClusterNode;
import io.millrace.coordination.v1.DeletedTopicNode;
import io.millrace.coordination.v1.KnownBrokerNode;
import io.millrace.coordination.v1.LiveBrokerNode;
import io.millrace.coordination.v1.NameNode;
import io.millrace.coordination.v1.PartitionNode;
import io.millrace.coordination.v1.PartitionsNode;
import io.millrace.coordination.v1.ProducerIdsNode;
import io.millrace.coordination.v1.TopicNode;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The content of one kind of node: a message as proto3 JSON on one line, defaults printed, so that
 * a person sees every field with {@code zkCli.sh get}.
 *
 * <p>Reading is strict, because other programs, older versions and people write nodes too: see
 * {@link StrictJson}. Fields that are not known here are no damage as long as the node's {@code
 * version} is known: a newer broker may add a field that old clients can do without. What would
 * change the meaning of known fields gets a new {@code version}, which is refused. Safe for any
 * thread.
 */
public final class ZnodeJson<T extends Message> {
  /** The only format there is so far, of every kind of node. */
  public static final int VERSION = 1;

  public static final ZnodeJson<ClusterNode> CLUSTER =
      new ZnodeJson<>(ClusterNode.getDefaultInstance(), ZnodeFaults::of);
  public static final ZnodeJson<LiveBrokerNode> LIVE_BROKER =
      new ZnodeJson<>(LiveBrokerNode.getDefaultInstance(), ZnodeFaults::of);
  public static final ZnodeJson<KnownBrokerNode> KNOWN_BROKER =
      new ZnodeJson<>(KnownBrokerNode.getDefaultInstance(), ZnodeFaults::of);
  public static final ZnodeJson<TopicNode> TOPIC =
      new ZnodeJson<>(TopicNode.getDefaultInstance(), ZnodeFaults::of);
  public static final ZnodeJson<NameNode> NAME =
      new ZnodeJson<>(NameNode.getDefaultInstance(), ZnodeFaults::of);
  public static final ZnodeJson<DeletedTopicNode> DELETED_TOPIC =
      new ZnodeJson<>(DeletedTopicNode.getDefaultInstance(), ZnodeFaults::of);
  public static final ZnodeJson<PartitionsNode> PARTITIONS =
      new ZnodeJson<>(PartitionsNode.getDefaultInstance(), ZnodeFaults::of);
  public static final ZnodeJson<PartitionNode> PARTITION =
      new ZnodeJson<>(PartitionNode.getDefaultInstance(), ZnodeFaults::of);
  public static final ZnodeJson<ProducerIdsNode> PRODUCER_IDS =
      new ZnodeJson<>(ProducerIdsNode.getDefaultInstance(), ZnodeFaults::of);

  private static final JsonFormat.Printer PRINTER =
      JsonFormat.printer()
          .omittingInsignificantWhitespace()
          .alwaysPrintFieldsWithNoPresence()
          .sortingMapKeys();
  private static final int LONGEST_WHY = 400;
  private static final JsonFormat.Parser PARSER = JsonFormat.parser().ignoringUnknownFields();

  private final T empty;

  /** What is wrong with a content that could be parsed, or null. */
  private final Function<T, @Nullable String> fault;

  private final RecentReadings<T> recent = new RecentReadings<>();

  private ZnodeJson(T empty, Function<T, @Nullable String> fault) {
    this.empty = empty;
    this.fault = fault;
  }

  /** The content to write. */
  public ByteString write(T content) {
    try {
      return ByteString.copyFromUtf8(PRINTER.print(content));
    } catch (InvalidProtocolBufferException e) {
      // Only an Any of an unknown type cannot be printed, and no node holds one.
      throw new IllegalStateException(e);
    }
  }

  /** What was read, or why it cannot be used. */
  public ZnodeReading<T> read(ByteString data) {
    if (data.isEmpty()) {
      return new ZnodeReading.Damaged<>("it is empty");
    }
    if (data.size() > StoreLimits.MAX_READ_BYTES) {
      return new ZnodeReading.Damaged<>(
          "it has " + data.size() + " bytes, the limit is " + StoreLimits.MAX_READ_BYTES);
    }
    ZnodeReading<T> known = recent.find(data);
    if (known == null) {
      known = parse(data);
      recent.keep(data, known);
    }
    return known;
  }

  private ZnodeReading<T> parse(ByteString data) {
    try {
      String json = decoded(data.asReadOnlyByteBuffer());
      StrictJson.Found found = StrictJson.check(json, empty.getDescriptorForType());
      if (found.version() > VERSION) {
        return new ZnodeReading.FromTheFuture<>(found.version());
      }
      if (found.version() < VERSION) {
        return new ZnodeReading.Damaged<>("it has no version");
      }
      Message.Builder builder = empty.newBuilderForType();
      PARSER.merge(json, builder);
      @SuppressWarnings("unchecked") // the builder is of this very message
      T content = (T) builder.build();
      String why = fault.apply(content);
      return why == null
          ? new ZnodeReading.Understood<>(content, !found.hasUnknownFields())
          : new ZnodeReading.Damaged<>(printable(why));
    } catch (CharacterCodingException e) {
      return new ZnodeReading.Damaged<>("it is not UTF-8");
    } catch (StrictJson.Refused | InvalidProtocolBufferException e) {
      return new ZnodeReading.Damaged<>(printable(String.valueOf(e.getMessage())));
    }
  }

  /** It quotes what stands in the node, and goes into the log. */
  private static String printable(String why) {
    StringBuilder printable = new StringBuilder();
    for (int i = 0; i < Math.min(why.length(), LONGEST_WHY); i++) {
      char c = why.charAt(i);
      printable.append(c >= ' ' && c < 127 ? c : '?');
    }
    return printable.append(why.length() > LONGEST_WHY ? "..." : "").toString();
  }

  private static String decoded(ByteBuffer data) throws CharacterCodingException {
    return StandardCharsets.UTF_8.newDecoder().decode(data).toString();
  }
}
