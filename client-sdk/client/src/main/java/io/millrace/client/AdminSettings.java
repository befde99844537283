package io.millrace.client;

import java.util.List;
import java.util.Map;
import java.util.Properties;

/** The settings of an {@link Admin} client. Immutable. */
public final class AdminSettings extends ClientSettings {
  static final SettingTable TABLE = new SettingTable("admin client", List.of());

  private AdminSettings(Builder builder) {
    super(builder);
  }

  /** With defaults for all but the cluster's address: {@code zk1:2181,zk2:2181/millrace}. */
  public static Builder builder(String cluster) {
    return new Builder().cluster(cluster);
  }

  /** From {@code cluster=…} and so on. */
  public static AdminSettings from(Properties properties) {
    return new Builder().setAll(properties).build();
  }

  /** From {@code cluster=…} and so on. */
  public static AdminSettings from(Map<String, String> settings) {
    return new Builder().setAll(settings).build();
  }

  /** Collects the settings of an admin client. */
  public static final class Builder extends ClientSettings.Builder<Builder> {
    private Builder() {
      super(TABLE);
    }

    @Override
    Builder self() {
      return this;
    }

    /**
     * Makes them, once all bounds were checked.
     *
     * @throws io.millrace.client.errors.InvalidSettingException the cluster's address is missing
     */
    public AdminSettings build() {
      return new AdminSettings(this);
    }
  }
}
