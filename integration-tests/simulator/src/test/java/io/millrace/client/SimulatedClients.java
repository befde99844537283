package io.millrace.client;

import io.millrace.client.cluster.BrokerAddresses;
import io.millrace.client.consumer.PollWait;
import io.millrace.client.send.SendEngine;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.Tasks;
import io.millrace.rpc.Transport;
import java.util.List;

/**
 * The product's clients over given seams, for the simulator. Stands in the client's package because
 * applications cannot give their clients seams.
 *
 * <p>Nothing that waits may be called on them: the one thread there is cannot wait for itself.
 */
public final class SimulatedClients {
  private static final int MAX_RESPONSE_BYTES = 4 << 20;

  private SimulatedClients() {}

  /** Finds leaders by asking those brokers, over the client's own network. */
  public static Discovery throughBrokers(
      ClientSettings settings, Tasks tasks, Transport transport) {
    return ClientRuntime.brokerDiscovery(
        settings, BrokerAddresses.parse(settings.cluster()), tasks, transport);
  }

  /** Whose {@code send} is to be called on its loop, where it does not wait. */
  public static Producer<String, String> producer(
      ProducerSettings settings, Tasks tasks, Transport transport, Discovery discovery) {
    return new ProducerClient<>(
        settings,
        Serializers.string(),
        Serializers.string(),
        List.of(),
        new ClientRuntime(settings, MAX_RESPONSE_BYTES, tasks, transport, discovery));
  }

  /** Whether a topic is known; if not, looks it up. On the loop. */
  public static boolean knows(Producer<String, String> producer, String topic) {
    SendEngine engine = ((ProducerClient<String, String>) producer).engine();
    if (engine.topic(topic) == null) {
      engine.lookup(topic, (known, e) -> {});
      return false;
    }
    return true;
  }

  /** To be polled without waiting. */
  public static Consumer<String, String> consumer(
      ConsumerSettings settings, Tasks tasks, Transport transport, Discovery discovery) {
    return ConsumerStart.over(
        new ClientRuntime(settings, MAX_RESPONSE_BYTES, tasks, transport, discovery),
        new NoWait(),
        settings,
        Deserializers.string(),
        Deserializers.string(),
        List.of());
  }

  /**
   * What an application gets, in a group where the settings name one; to be used on its own thread.
   *
   * @param wait how that thread waits
   */
  public static Consumer<String, String> application(
      ConsumerSettings settings,
      Tasks tasks,
      Transport transport,
      Discovery discovery,
      PollWait wait) {
    ClientRuntime runtime =
        new ClientRuntime(settings, MAX_RESPONSE_BYTES, tasks, transport, discovery);
    return ConsumerStart.inItsGroup(
        runtime,
        wait,
        settings,
        true,
        ConsumerStart.over(
            runtime, wait, settings, Deserializers.string(), Deserializers.string(), List.of()));
  }

  /** Whose futures end on its loop. */
  public static Admin admin(
      AdminSettings settings, Tasks tasks, Transport transport, Discovery discovery) {
    return new AdminClient(
        settings, new ClientRuntime(settings, MAX_RESPONSE_BYTES, tasks, transport, discovery));
  }

  /** The one loop that a client runs on. */
  public static EventLoop loop(Transport transport) {
    return transport.loops().get(0);
  }

  private static final class NoWait implements PollWait {
    @Override
    public void await(long nanos) {
      throw new IllegalStateException("a simulated consumer was asked to wait");
    }

    @Override
    public void wake() {
      // Nobody sleeps.
    }
  }
}
