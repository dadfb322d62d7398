import com.fasterxml.jackson.databind.JsonNode;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.nio.ByteBuffer;
import java.util.AbstractCollection;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.MessageUtil;

/**
 * Every request and response of Kafka's clients at every version, as bytes and as Kafka's own JSON: with the defaults, and with each field set.
 * One line each: NAME VERSION HEX JSON.
 */
public class RequestBytes {
    public static void main(String[] args) throws Exception {
        for (ApiMessageType type : ApiMessageType.values()) {
            for (ApiMessage empty : messages(type)) {
                for (short v = empty.lowestSupportedVersion(); v <= empty.highestSupportedVersion(); v++) {
                    tell(empty.getClass().getDeclaredConstructor().newInstance(), v);
                    ApiMessage full = empty.getClass().getDeclaredConstructor().newInstance();
                    fill(full, v);
                    tell(full, v);
                }
            }
        }
    }

    /** Neither where the type is no more, or is between brokers without a class of its own. */
    private static List<ApiMessage> messages(ApiMessageType type) {
        List<ApiMessage> found = new ArrayList<>();
        try {
            found.add(type.newRequest());
            found.add(type.newResponse());
        } catch (RuntimeException e) {
            System.err.println(type + ": " + e);
        }
        return found;
    }

    private static void tell(ApiMessage message, short version) throws Exception {
        ByteBuffer bytes;
        try {
            bytes = MessageUtil.toByteBufferAccessor(message, version).buffer();
        } catch (Exception e) {
            return; // set to what the version has no field for
        }
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        String name = message.getClass().getSimpleName();
        Method write = Class.forName(message.getClass().getName() + "JsonConverter")
            .getMethod("write", message.getClass(), short.class);
        JsonNode json = (JsonNode) write.invoke(null, message, version);
        System.out.println(name.substring(0, name.length() - 4) + " " + version + " " + HexFormat.of().formatHex(copy) + " " + json);
    }

    private static void fill(Object message, short version) throws Exception {
        for (Field field : message.getClass().getDeclaredFields()) {
            if (Modifier.isStatic(field.getModifiers()) || field.getName().startsWith("_")) continue;
            if (field.getName().equals("next") || field.getName().equals("prev")) continue;
            field.setAccessible(true);
            Object before = field.get(message);
            Class<?> type = field.getType();
            if (type == String.class) field.set(message, "é" + field.getName());
            else if (type == boolean.class) field.set(message, true);
            else if (type == byte.class) field.set(message, (byte) 3);
            else if (type == short.class) field.set(message, (short) 300);
            else if (type == int.class) field.set(message, 40000);
            else if (type == long.class) field.set(message, 5000000000L);
            else if (type == double.class) field.set(message, 0.5);
            else if (type == Uuid.class) field.set(message, new Uuid(1234567890123L, 42L));
            else if (type == byte[].class) field.set(message, new byte[] {1, 2, 3});
            else if (type == ByteBuffer.class) field.set(message, ByteBuffer.wrap(new byte[] {4, 5}));
            else if (List.class.isAssignableFrom(type)) {
                Class<?> of = (Class<?>) (((ParameterizedType) field.getGenericType()).getActualTypeArguments()[0] instanceof Class
                    ? ((ParameterizedType) field.getGenericType()).getActualTypeArguments()[0] : Object.class);
                List<Object> list = new ArrayList<>();
                if (of == Integer.class) list.add(7);
                else if (of == Short.class) list.add((short) 7);
                else if (of == Byte.class) list.add((byte) 7);
                else if (of == Long.class) list.add(7L);
                else if (of == String.class) list.add("one");
                else if (of == Uuid.class) list.add(new Uuid(1, 2));
                else if (of != Object.class) { Object one = of.getDeclaredConstructor().newInstance(); fill(one, version); list.add(one); }
                field.set(message, list);
            } else if (AbstractCollection.class.isAssignableFrom(type)) {
                Class<?> of = (Class<?>) ((ParameterizedType) type.getGenericSuperclass()).getActualTypeArguments()[0];
                Object one = of.getDeclaredConstructor().newInstance();
                fill(one, version);
                Object collection = type.getDeclaredConstructor().newInstance();
                @SuppressWarnings("unchecked")
                java.util.Collection<Object> elements = (java.util.Collection<Object>) collection;
                elements.add(one);
                field.set(message, collection);
            } else if (!type.isPrimitive() && type.getName().startsWith("org.apache.kafka.common.message.")) {
                Object one = type.getDeclaredConstructor().newInstance();
                fill(one, version);
                field.set(message, one);
            }
            // A field that the version has not is set back where Kafka refuses it.
            if (message instanceof ApiMessage) {
                try {
                    MessageUtil.toByteBufferAccessor((ApiMessage) message, version);
                } catch (Exception e) {
                    field.set(message, before);
                }
            }
        }
    }
}
