/** Prints Kafka's errors, one a line: name, code, class of the exception, whether it may be tried again, and the text. */
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.protocol.Errors;

public class ErrorsTable {
    public static void main(String[] args) {
        for (Errors error : Errors.values()) {
            if (error == Errors.NONE) continue;
            var exception = error.exception();
            System.out.println(String.join("\t", error.name(), String.valueOf(error.code()),
                exception.getClass().getSimpleName(), String.valueOf(exception instanceof RetriableException), error.message()));
        }
    }
}
