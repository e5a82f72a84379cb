package local

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"
)

// lambdaAnswer is the answer to a call.
type lambdaAnswer struct {
	status    int
	errorType string // x-amzn-ErrorType of a refusal, "" for none
	failed    bool   // X-Amz-Function-Error
	log       string // X-Amz-Log-Result, plain
	body      []byte
	err       error // for the log
}

func (c *lambdaAnswer) write(h http.Header) {
	if len(c.body) > 0 {
		h["Content-Type"] = []string{jsonType}
	}
	if c.errorType != "" {
		h["x-amzn-ErrorType"] = []string{c.errorType}
		return
	}
	if c.status == http.StatusOK {
		h["X-Amz-Executed-Version"] = []string{latestVersion}
	}
	if c.failed {
		h["X-Amz-Function-Error"] = []string{"Unhandled"}
	}
	if c.log != "" {
		h["X-Amz-Log-Result"] = []string{base64.StdEncoding.EncodeToString([]byte(c.log))}
	}
}

// lambdaRefusal is an error of the API. See
// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors.
func lambdaRefusal(status int, errorType, format string, args ...any) *lambdaAnswer {
	side := "User"
	if status >= 500 {
		side = "Service"
	}
	message := fmt.Sprintf(format, args...)
	body, err := json.Marshal(struct{ Type, Message string }{side, message})
	if err != nil { // two strings always have a form
		body = nil
	}
	return &lambdaAnswer{status: status, errorType: errorType, body: body}
}

// run invokes the function and waits for it.
func (l *Lambda) run(c *lambdaCall, payload []byte) *lambdaAnswer {
	before := l.now()
	output, err := c.function.invoke(payload, &c.ids, noWait)
	switch {
	case errors.Is(err, ErrThrottled):
		return lambdaRefusal(http.StatusTooManyRequests, "TooManyRequestsException", "Rate Exceeded.")
	case errors.Is(err, ErrNotInvoked):
		return lambdaRefusal(http.StatusInternalServerError, "ServiceException", "The function was not invoked.")
	}
	result := &lambdaAnswer{status: http.StatusOK, body: output, err: err, failed: err != nil}
	if err != nil {
		result.body = c.document(err)
	}
	if strings.EqualFold(c.Header.Get("X-Amz-Log-Type"), "Tail") {
		result.log = c.report(l.now().Sub(before))
	}
	return result
}

// document is the answer of a function that failed: errorType and errorMessage.
func (c *lambdaCall) document(err error) []byte {
	var told messages.InvokeResponse_Error
	var size *limitError
	switch {
	case errors.As(err, &told):
	case errors.Is(err, errFunctionTimeout):
		told.Type = "Sandbox.Timedout"
		told.Message = fmt.Sprintf("RequestId: %s Error: Task timed out after %.2f seconds", c.ids.invocation, c.function.Timeout.Seconds())
	case errors.As(err, &size):
		told.Type = "Function.ResponseSizeTooLarge"
		told.Message = fmt.Sprintf("Response payload size exceeded maximum allowed payload size (%d bytes).", size.limit.max)
	default:
		if cause := errors.Unwrap(err); cause != nil {
			err = cause // without the name of the function, which the caller knows
		}
		told.Type, told.Message = errorTypeName(err), err.Error()
	}
	body, jsonErr := json.Marshal(told)
	if jsonErr != nil { // texts and lines always have a form
		return []byte(`{"errorType":"Unhandled"}`)
	}
	return body
}

// errorTypeName is the name of an error's type without its package, as aws-lambda-go
// reports it.
func errorTypeName(err error) string {
	t := reflect.TypeOf(err)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}

// report is the log that Lambda itself writes of an invocation.
func (c *lambdaCall) report(took time.Duration) string {
	ms := float64(took.Microseconds()) / 1000
	id := c.ids.invocation
	return fmt.Sprintf("START RequestId: %s Version: %s\nEND RequestId: %s\n"+
		"REPORT RequestId: %s\tDuration: %.2f ms\tBilled Duration: %.0f ms\tMemory Size: %d MB\n",
		id, latestVersion, id, id, ms, math.Ceil(ms), c.function.Memory)
}
