package io.millrace.server.metrics;

import com.codahale.metrics.jmx.ObjectNameFactory;
import java.util.Hashtable;
import javax.management.MalformedObjectNameException;
import javax.management.ObjectName;

/**
 * Names as Kafka's users know them: {@code
 * io.millrace.server:type=Topic,name=ProducedBytes,topic=orders}, with the broker's id, because a
 * process may hold several.
 */
final class JmxNames implements ObjectNameFactory {
  static final String DOMAIN = "io.millrace.server";

  private final SeriesRegistry registry;
  private final int brokerId;

  JmxNames(SeriesRegistry registry, int brokerId) {
    this.registry = registry;
    this.brokerId = brokerId;
  }

  @Override
  public ObjectName createName(String type, String domain, String name) {
    Series series = registry.find(name);
    if (series == null) {
      throw new IllegalStateException("no series is called " + name);
    }
    try {
      return new ObjectName(domain, keys(series));
    } catch (MalformedObjectNameException e) {
      throw new IllegalStateException(name + " makes no name for JMX", e);
    }
  }

  @SuppressWarnings("JdkObsolete") // what an ObjectName is made from
  private Hashtable<String, String> keys(Series series) {
    Hashtable<String, String> keys = new Hashtable<>();
    keys.put("type", series.metric().group().title());
    keys.put("name", series.metric().jmxName());
    keys.put("broker", Integer.toString(brokerId));
    for (int i = 0; i < series.labelValues().size(); i++) {
      String value = series.labelValues().get(i);
      boolean plain = value.matches("[A-Za-z0-9._()-]+");
      keys.put(series.metric().labels().get(i), plain ? value : ObjectName.quote(value));
    }
    return keys;
  }
}
