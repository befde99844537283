package io.millrace.coordination.store;

import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor.JavaType;
import java.io.EOFException;
import java.io.IOException;
import java.io.StringReader;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Looks through a node's JSON before the protobuf parser does, for what that one lets pass or
 * stumbles over: names that come twice, deep nesting, numbers in quotes, anything after the end.
 */
final class StrictJson {
  static final int MAX_DEPTH = 32;

  /** The number of the value's field in the message that protobuf makes of a map's entry. */
  private static final int MAP_VALUE = 2;

  private final JsonReader reader;
  private boolean hasUnknownFields;
  private int version;
  private int depth;

  private StrictJson(String json) {
    reader = new JsonReader(new StringReader(json));
  }

  /** What the look showed. {@code version} is 0 when there is none. */
  record Found(int version, boolean hasUnknownFields) {}

  /** The JSON is not one of ours. */
  static final class Refused extends Exception {
    Refused(String why) {
      super(why);
    }
  }

  static Found check(String json, Descriptor type) throws Refused {
    StrictJson look = new StrictJson(json);
    try {
      look.object(type, null);
      if (look.reader.peek() != JsonToken.END_DOCUMENT) {
        throw new Refused("something follows the end");
      }
    } catch (MalformedJsonException | EOFException | NumberFormatException e) {
      throw new Refused("it is not JSON: " + e.getMessage());
    } catch (IOException e) {
      throw new IllegalStateException("a string cannot fail to be read", e);
    }
    return new Found(look.version, look.hasUnknownFields);
  }

  /**
   * @param type null inside what is not known, and inside maps
   * @param mapValue of a map: what every name holds
   */
  private void object(@Nullable Descriptor type, @Nullable FieldDescriptor mapValue)
      throws IOException, Refused {
    enter();
    require(JsonToken.BEGIN_OBJECT);
    reader.beginObject();
    Set<String> names = new HashSet<>();
    while (reader.hasNext()) {
      String name = reader.nextName();
      requireText(name);
      FieldDescriptor field = type == null ? mapValue : field(type, name);
      if (!names.add(type == null || field == null ? name : field.getJsonName())) {
        throw new Refused("the name " + shown(name) + " comes twice");
      }
      hasUnknownFields |= type != null && field == null;
      if (field != null && depth == 1 && name.equals("version")) {
        require(JsonToken.NUMBER);
        version = reader.nextInt();
      } else {
        value(field);
      }
    }
    reader.endObject();
    depth--;
  }

  private void value(@Nullable FieldDescriptor field) throws IOException, Refused {
    switch (reader.peek()) {
      case BEGIN_OBJECT -> {
        if (field != null && field.isMapField()) {
          object(null, field.getMessageType().findFieldByNumber(MAP_VALUE));
        } else {
          object(messageOf(field), null);
        }
      }
      case BEGIN_ARRAY -> {
        enter();
        reader.beginArray();
        while (reader.hasNext()) {
          value(field);
        }
        reader.endArray();
        depth--;
      }
      case NUMBER, STRING -> {
        requireKind(field);
        requireText(reader.nextString());
      }
      case BOOLEAN -> reader.nextBoolean();
      case NULL -> {
        if (field != null) {
          throw new Refused(field.getName() + " is null");
        }
        reader.nextNull();
      }
      default -> throw new Refused("something is missing at " + reader.getPath());
    }
  }

  /** The mapping would take a number for a text and the other way round. */
  private void requireKind(@Nullable FieldDescriptor field) throws IOException, Refused {
    if (field != null && field.getJavaType() == JavaType.INT) {
      require(JsonToken.NUMBER);
    } else if (field != null && field.getJavaType() == JavaType.STRING) {
      require(JsonToken.STRING);
    }
  }

  /** Half a character, which an escape can make, cannot be written again as it was read. */
  private static void requireText(String text) throws Refused {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i))) {
        boolean isPair =
            i + 1 < text.length() && Character.isSurrogatePair(text.charAt(i), text.charAt(i + 1));
        if (!isPair) {
          throw new Refused("a text holds half a character");
        }
        i++;
      }
    }
  }

  private static @Nullable Descriptor messageOf(@Nullable FieldDescriptor field) {
    return field == null || field.getJavaType() != JavaType.MESSAGE ? null : field.getMessageType();
  }

  private static @Nullable FieldDescriptor field(Descriptor type, String name) {
    for (FieldDescriptor field : type.getFields()) {
      // The mapping takes both spellings.
      if (field.getJsonName().equals(name) || field.getName().equals(name)) {
        return field;
      }
    }
    return null;
  }

  private void enter() throws Refused {
    if (++depth > MAX_DEPTH) {
      throw new Refused("it is nested deeper than " + MAX_DEPTH);
    }
  }

  private void require(JsonToken expected) throws IOException, Refused {
    if (reader.peek() != expected) {
      throw new Refused(
          "expected " + expected + " but found " + reader.peek() + " at " + reader.getPath());
    }
  }

  private static String shown(String name) {
    return name.length() <= 64 ? name : name.substring(0, 64) + "…";
  }
}
