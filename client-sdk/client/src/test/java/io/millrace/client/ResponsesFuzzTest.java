package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.google.protobuf.InvalidProtocolBufferException;
import io.millrace.client.cluster.Discoveries;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.fake.FakeBroker;
import io.millrace.client.fake.SimulatedWorld;
import io.millrace.rpc.Payload;
import io.millrace.wire.v1.FetchResponse;
import io.millrace.wire.v1.ListOffsetsResponse;
import io.millrace.wire.v1.MetadataResponse;
import io.millrace.wire.v1.ProduceResponse;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * FZ9: whole clients, in virtual time, that are answered with any bytes that parse: two bytes with
 * the size of the answer's message, the message, and the payload behind it. What a frame or a
 * message must be for a client to parse it at all is FZ1's and FZ2's.
 *
 * <p>Nothing may come out of it but the client's own exceptions, and no memory may be lost.
 */
class ResponsesFuzzTest {
  private static final TopicPartition NOTES = new TopicPartition("notes", 0);

  private interface Parser {
    void read(byte[] message, Response.Builder into) throws InvalidProtocolBufferException;
  }

  /** Answers the first so many requests with the bytes; false when they are no answer at all. */
  private static boolean answer(
      SimulatedWorld world, Request.ApiCase api, int times, byte[] bytes, Parser parser) {
    int size = bytes.length < 2 ? 0 : (bytes[0] & 0xff) << 8 | (bytes[1] & 0xff);
    if (bytes.length < 2 + size) {
      return false;
    }
    Response.Builder response = Response.newBuilder();
    try {
      parser.read(Arrays.copyOfRange(bytes, 2, 2 + size), response);
    } catch (InvalidProtocolBufferException e) {
      return false;
    }
    byte[] payload = Arrays.copyOfRange(bytes, 2 + size, bytes.length);
    FakeBroker.Script script =
        request -> {
          List<Payload> parts =
              payload.length == 0
                  ? List.of()
                  : List.of(new Payload.Bytes(ByteBuffer.wrap(payload)));
          request.answer(response.clone(), parts);
          return true;
        };
    world.broker(1).script(Scripts.on(api, Scripts.times(times, script)));
    return true;
  }

  private static SimulatedWorld world() {
    SimulatedWorld world = new SimulatedWorld(79, 1);
    world.cluster().createTopic("notes", 2);
    return world;
  }

  private static void assertSound(SimulatedWorld world) {
    assertThat(world.scheduler().thrown()).isEmpty();
    world.clientTransport().close();
    world.runFor(Duration.ofSeconds(1));
    assertThat(world.network().outstandingBuffers()).isZero();
  }

  @FuzzTest(maxDuration = "60s")
  void fz9_aConsumerTakesAnyFetchAnswer(byte[] bytes) {
    SimulatedWorld world = world();
    if (!answer(
        world,
        Request.ApiCase.FETCH,
        2,
        bytes,
        (message, into) -> into.setFetch(FetchResponse.parseFrom(message)))) {
      return;
    }
    world.cluster().topic("notes").log(0).append(Batches.of("a", "b"), 1, 0);
    SimulatedConsumer consumer = new SimulatedConsumer(world, SimulatedConsumer.settings());
    consumer.client().assign(List.of(NOTES));
    consumer.client().seek(NOTES, 0);
    long position = 0;
    for (int i = 0; i < 5; i++) {
      try {
        consumer.pollFor(Duration.ofMillis(500));
      } catch (MillraceException expected) {
        assertThat(expected.getMessage()).isNotEmpty();
      }
      assertThat(consumer.client().position(NOTES)).isGreaterThanOrEqualTo(position);
      position = consumer.client().position(NOTES);
    }
    for (ConsumerRecord<String, String> record : consumer.records()) {
      assertThat(record.offset()).isNotNegative();
    }
    world.clientTransport().loops().get(0).execute(() -> consumer.client().close(Duration.ZERO));
    world.runFor(Duration.ofSeconds(1));
    assertSound(world);
  }

  @FuzzTest(maxDuration = "60s")
  void fz9_aProducerTakesAnyAnswer(byte[] bytes) {
    SimulatedWorld world = world();
    if (!answer(
        world,
        Request.ApiCase.PRODUCE,
        1,
        bytes,
        (message, into) -> into.setProduce(ProduceResponse.parseFrom(message)))) {
      return;
    }
    SimulatedProducer producer = new SimulatedProducer(world, SimulatedProducer.settings());
    producer.learn("notes");
    producer.send("notes", 0, "x");
    producer.awaitAll();
    SimulatedProducer.Ended ended = producer.ended().get(0);
    assertThat(ended.metadata() == null).isNotEqualTo(ended.error() == null);
    assertSound(world);
  }

  @FuzzTest(maxDuration = "60s")
  void fz9_discoveryTakesAnyMetadata(byte[] bytes) {
    SimulatedWorld world = world();
    if (!answer(
        world,
        Request.ApiCase.METADATA,
        2,
        bytes,
        (message, into) -> into.setMetadata(MetadataResponse.parseFrom(message)))) {
      return;
    }
    SimulatedProducer producer =
        new SimulatedProducer(
            world,
            SimulatedProducer.settings().deliveryTimeout(Duration.ofSeconds(10)),
            Discoveries.ofBrokers(world, world.given(1)));
    producer.runtimeLoop(() -> producer.client().engine().lookup("notes", (known, e) -> {}));
    world.runFor(Duration.ofSeconds(70));
    assertSound(world);
  }

  @FuzzTest(maxDuration = "60s")
  void fz9_offsetLookupsTakeAnyAnswer(byte[] bytes) {
    SimulatedWorld world = world();
    if (!answer(
        world,
        Request.ApiCase.LIST_OFFSETS,
        1,
        bytes,
        (message, into) -> into.setListOffsets(ListOffsetsResponse.parseFrom(message)))) {
      return;
    }
    SimulatedAdmin admin = new SimulatedAdmin(world, SimulatedAdmin.settings());
    CompletableFuture<Map<TopicPartition, ListedOffset>> found =
        admin.ended(admin.client().listOffsets(Map.of(NOTES, OffsetSpec.latest())));
    if (!found.isCompletedExceptionally()) {
      assertThat(found.join().values())
          .allSatisfy(each -> each.offset().ifPresent(o -> assertThat(o).isNotNegative()));
    }
    assertSound(world);
  }
}
