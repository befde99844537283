package io.millrace.cli;

import io.millrace.client.Admin;
import io.millrace.client.AdminSettings;
import io.millrace.client.Consumer;
import io.millrace.client.ConsumerSettings;
import io.millrace.client.Deserializers;
import io.millrace.client.Producer;
import io.millrace.client.ProducerSettings;
import io.millrace.client.Serializers;
import java.nio.ByteBuffer;

/** Opens the clients a command works with; keys and values are bytes throughout. */
public interface ClientFactory {
  Admin admin(AdminSettings settings);

  Producer<byte[], byte[]> producer(ProducerSettings settings);

  Consumer<ByteBuffer, ByteBuffer> consumer(ConsumerSettings settings);

  /** Clients of a real cluster. */
  static ClientFactory ofCluster() {
    return new ClientFactory() {
      @Override
      public Admin admin(AdminSettings settings) {
        return Admin.create(settings);
      }

      @Override
      public Producer<byte[], byte[]> producer(ProducerSettings settings) {
        return Producer.create(settings, Serializers.bytes(), Serializers.bytes());
      }

      @Override
      public Consumer<ByteBuffer, ByteBuffer> consumer(ConsumerSettings settings) {
        return Consumer.create(settings, Deserializers.byteBuffers(), Deserializers.byteBuffers());
      }
    };
  }
}
