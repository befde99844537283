package io.millrace.server.handler;

import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.TopicImage;
import io.millrace.rpc.InboundRequest;
import io.millrace.server.cluster.Catalog;
import io.millrace.server.config.BrokerSettings;
import io.millrace.server.config.EffectiveSetting;
import io.millrace.server.partition.Refusal;
import io.millrace.wire.v1.DescribeSettingsRequest;
import io.millrace.wire.v1.DescribeSettingsResponse;
import io.millrace.wire.v1.Error;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.Response;
import io.millrace.wire.v1.SettingInfo;
import io.millrace.wire.v1.SettingsDescription;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What the settings of topics, and of this broker, hold and where they come from. */
final class DescribeSettingsHandler {
  private final Supplier<Catalog> catalog;
  private final BrokerSettings settings;

  DescribeSettingsHandler(Supplier<Catalog> catalog, BrokerSettings settings) {
    this.catalog = catalog;
    this.settings = settings;
  }

  void handle(InboundRequest request) {
    DescribeSettingsRequest describe = request.head().getDescribeSettings();
    int count = describe.getTopicsCount();
    int limit = settings.requests().maxPartitions();
    if (count > limit) {
      Refusal refusal = PartitionCount.tooMany(count, limit);
      request.refuse(refusal.code(), refusal.message());
      return;
    }
    if (count == 0 && !describe.getBroker()) {
      request.refuse(ErrorCode.INVALID_REQUEST, "neither a topic nor the broker is asked for");
      return;
    }
    ClusterImage image = catalog.get().image();
    DescribeSettingsResponse.Builder response = DescribeSettingsResponse.newBuilder();
    for (String name : describe.getTopicsList()) {
      response.addDescribed(topic(name, image.topics().get(name)));
    }
    if (describe.getBroker()) {
      response.addDescribed(described("", settings.effective()));
    }
    request.answer(Response.newBuilder().setDescribeSettings(response), List.of());
  }

  private SettingsDescription topic(String name, @Nullable TopicImage topic) {
    if (topic == null || topic.deleting()) {
      return SettingsDescription.newBuilder()
          .setTopic(name)
          .setError(
              Error.newBuilder()
                  .setCode(ErrorCode.UNKNOWN_TOPIC)
                  .setMessage("there is no topic of this name"))
          .build();
    }
    return described(
        name,
        EffectiveSetting.ofTopic(topic.settings(), topic.replicationFactor(), settings.topics()));
  }

  private static SettingsDescription described(String topic, List<EffectiveSetting> settings) {
    SettingsDescription.Builder description = SettingsDescription.newBuilder().setTopic(topic);
    for (EffectiveSetting setting : settings) {
      description.addSettings(
          SettingInfo.newBuilder()
              .setKey(setting.key().name())
              .setValue(setting.value())
              .setDefaultValue(setting.defaultValue())
              .setSource(setting.source())
              .setAllowed(setting.key().allowed())
              .setDocumentation(setting.key().reason())
              .setDynamic(setting.isDynamic()));
    }
    return description.build();
  }
}
