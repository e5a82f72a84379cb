package iam

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/retry"
)

// errRefused is the kind of a request that a service calls wrong. What a client
// of the application can get wrong has been refused before it is sent, so this is
// a mistake of the program or of its deployment (a table with another key), which
// must not become a 4xx. Nothing was written.
var errRefused = datastore.ErrDeclaration

// wakeUp is the pause after which a cluster that was paused is asked again: it takes
// about 15 seconds to resume.
const wakeUp = 2 * time.Second

// codes of AWS services, by what they mean. Those that mean something else in
// one service are given by its driver.
var codes = map[string]retry.Fault{
	"ProvisionedThroughputExceededException": {Kind: datastore.ErrThrottled, Retry: true},
	"ThrottlingException":                    {Kind: datastore.ErrThrottled, Retry: true},
	"Throttling":                             {Kind: datastore.ErrThrottled, Retry: true},
	"ThrottledException":                     {Kind: datastore.ErrThrottled, Retry: true},
	"Throttled":                              {Kind: datastore.ErrThrottled, Retry: true},
	"RequestThrottled":                       {Kind: datastore.ErrThrottled, Retry: true},
	"RequestThrottledException":              {Kind: datastore.ErrThrottled, Retry: true},
	"RequestLimitExceeded":                   {Kind: datastore.ErrThrottled, Retry: true},
	"TooManyRequestsException":               {Kind: datastore.ErrThrottled, Retry: true},
	"BandwidthLimitExceeded":                 {Kind: datastore.ErrThrottled, Retry: true},
	"SlowDown":                               {Kind: datastore.ErrThrottled, Retry: true},
	"TransactionConflictException":           {Kind: datastore.ErrConflict, Retry: true},
	"TransactionInProgressException":         {Kind: datastore.ErrConflict, Retry: true, Lost: true},
	"ReplicatedWriteConflictException":       {Kind: datastore.ErrConflict, Retry: true},
	"ConditionalCheckFailedException":        {Kind: datastore.ErrConflict},

	"ConditionalRequestConflict": {Kind: datastore.ErrConflict, Retry: true},
	"OperationAborted":           {Kind: datastore.ErrConflict, Retry: true},
	"PreconditionFailed":         {Kind: datastore.ErrConflict},

	"AccessDenied":                             {Kind: datastore.ErrDenied},
	"AccessDeniedException":                    {Kind: datastore.ErrDenied},
	"KMSAccessDeniedException":                 {Kind: datastore.ErrDenied},
	"UnrecognizedClientException":              {Kind: datastore.ErrDenied},
	"InvalidSignatureException":                {Kind: datastore.ErrDenied},
	"SignatureDoesNotMatch":                    {Kind: datastore.ErrDenied},
	"IncompleteSignature":                      {Kind: datastore.ErrDenied},
	"InvalidClientTokenId":                     {Kind: datastore.ErrDenied},
	"MissingAuthenticationToken":               {Kind: datastore.ErrDenied},
	"ExpiredToken":                             {Kind: datastore.ErrDenied},
	"ExpiredTokenException":                    {Kind: datastore.ErrDenied},
	"InvalidAccessKeyId":                       {Kind: datastore.ErrDenied},
	"NoSuchKey":                                {Kind: datastore.ErrNotFound},
	"NoSuchBucket":                             {Kind: datastore.ErrUnavailable},
	"InvalidRange":                             {Kind: datastore.ErrInvalid},
	"InvalidObjectState":                       {Kind: datastore.ErrUnavailable}, // archived
	"EntityTooLarge":                           {Kind: datastore.ErrTooLarge},
	"RequestTimeout":                           {Kind: datastore.ErrUnavailable, Retry: true},
	"BadDigest":                                {Kind: datastore.ErrUnavailable, Retry: true}, // changed on its way
	"ValidationException":                      {Kind: errRefused},
	"RequestEntityTooLarge":                    {Kind: datastore.ErrTooLarge},
	"RequestExpired":                           {Kind: datastore.ErrUnavailable, Retry: true},
	"RequestTimeTooSkewed":                     {Kind: datastore.ErrUnavailable, Retry: true},
	"ResourceNotFoundException":                {Kind: datastore.ErrUnavailable},
	"ItemCollectionSizeLimitExceededException": {Kind: datastore.ErrTooLarge},

	// Messages.
	"KMSThrottlingException":       {Kind: datastore.ErrThrottled, Retry: true},
	"KMSThrottling":                {Kind: datastore.ErrThrottled, Retry: true},
	"KmsThrottled":                 {Kind: datastore.ErrThrottled, Retry: true},
	"KMS.ThrottlingException":      {Kind: datastore.ErrThrottled, Retry: true},
	"KMSAccessDenied":              {Kind: datastore.ErrDenied},
	"KmsAccessDenied":              {Kind: datastore.ErrDenied},
	"KMS.AccessDeniedException":    {Kind: datastore.ErrDenied},
	"AuthorizationError":           {Kind: datastore.ErrDenied},
	"InvalidSecurity":              {Kind: datastore.ErrDenied},
	"InvalidParameter":             {Kind: errRefused},
	"InvalidParameterException":    {Kind: errRefused},
	"InvalidParameterValue":        {Kind: errRefused},
	"InvalidArgumentException":     {Kind: errRefused},
	"NonExistentQueue":             {Kind: datastore.ErrUnavailable},
	"InvalidMessageContents":       {Kind: errRefused},
	"MissingParameter":             {Kind: errRefused},
	"UnsupportedOperation":         {Kind: errRefused},
	"BatchRequestTooLong":          {Kind: datastore.ErrTooLarge},
	"BatchRequestTooLongException": {Kind: datastore.ErrTooLarge},

	// The Data APIs of Redshift and Aurora.
	"ActiveStatementsExceededException": {Kind: datastore.ErrThrottled, Retry: true},
	"ActiveSessionsExceededException":   {Kind: datastore.ErrThrottled, Retry: true},
	"DatabaseResumingException":         {Kind: datastore.ErrUnavailable, Retry: true, After: wakeUp},

	// Lambda, before a function runs.
	"EC2ThrottledException":          {Kind: datastore.ErrThrottled, Retry: true},
	"ResourceNotReadyException":      {Kind: datastore.ErrUnavailable, Retry: true},
	"ENINotReadyException":           {Kind: datastore.ErrUnavailable, Retry: true},
	"SnapStartNotReadyException":     {Kind: datastore.ErrUnavailable, Retry: true},
	"ResourceConflictException":      {Kind: datastore.ErrUnavailable, Retry: true},
	"InvalidRequestContentException": {Kind: errRefused},
	"RequestTooLargeException":       {Kind: datastore.ErrTooLarge},
	"RecursiveInvocationException":   {Kind: errRefused},

	// OpenSearch.
	"rejected_execution_exception":            {Kind: datastore.ErrThrottled, Retry: true},
	"es_rejected_execution_exception":         {Kind: datastore.ErrThrottled, Retry: true}, // of older versions
	"circuit_breaking_exception":              {Kind: datastore.ErrThrottled, Retry: true},
	"version_conflict_engine_exception":       {Kind: datastore.ErrConflict},
	"index_not_found_exception":               {Kind: datastore.ErrUnavailable},
	"cluster_block_exception":                 {Kind: datastore.ErrUnavailable}, // for want of space
	"unavailable_shards_exception":            {Kind: datastore.ErrUnavailable, Retry: true, Lost: true},
	"process_cluster_event_timeout_exception": {Kind: datastore.ErrUnavailable, Retry: true, Lost: true},
	"security_exception":                      {Kind: datastore.ErrDenied},
}

// faultOf reads an error of one attempt. special are codes of the service that
// do not mean what [codes] says; unsent says that certainly nothing went out.
func faultOf(err error, special map[string]error, unsent bool) retry.Fault {
	var unfinished *Unfinished
	if errors.As(err, &unfinished) {
		return retry.Fault{Kind: datastore.ErrThrottled, Retry: true, Progress: unfinished.Progress}
	}
	var own *datastore.Error // of the driver, about what it was answered
	if errors.As(err, &own) {
		return retry.Fault{Kind: own.Kind, Code: own.Code}
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		return apiFault(err, api, special)
	}
	var signing *v4.SigningError
	var params *smithy.InvalidParamsError
	var encoding *smithy.SerializationError
	switch status := statusOf(err); {
	case errors.As(err, &signing):
		return retry.Fault{Kind: datastore.ErrDenied}
	case errors.As(err, &params), errors.As(err, &encoding):
		return retry.Fault{Kind: errRefused}
	case unsent:
		return retry.Fault{Kind: datastore.ErrUnavailable, Retry: true}
	case status >= 400: // a body that is not the service's, such as a proxy's
		f := statusFault(status)
		f.After = retryAfter(err)
		f.Retry = f.Retry || cutOff(err) // what it was is not known
		return f
	}
	return retry.Fault{Kind: datastore.ErrUnavailable, Retry: true, Lost: true, Quick: !timedOut(err)}
}

func apiFault(err error, api smithy.APIError, special map[string]error) retry.Fault {
	code := api.ErrorCode()
	f := codeFault(code, statusOf(err), special)
	if code == "ValidationException" && strings.Contains(api.ErrorMessage(), "tem size") && strings.Contains(api.ErrorMessage(), "exceeded the maximum") {
		f.Kind = datastore.ErrTooLarge
	}
	f.Code = code
	f.After = max(f.After, retryAfter(err))
	return f
}

// codeFault is what a code means, and the status where the code is not known.
func codeFault(code string, status int, special map[string]error) retry.Fault {
	if kind := special[code]; kind != nil {
		return retry.Fault{Kind: kind}
	}
	if f, known := codes[strings.TrimPrefix(code, "AWS.SimpleQueueService.")]; known {
		return f
	}
	return statusFault(status)
}

// statusFault is what an answer means that has only its status to go by; 0 for
// none.
func statusFault(status int) retry.Fault {
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return retry.Fault{Kind: datastore.ErrDenied}
	case status == http.StatusRequestEntityTooLarge:
		return retry.Fault{Kind: datastore.ErrTooLarge}
	case status == http.StatusTooManyRequests:
		return retry.Fault{Kind: datastore.ErrThrottled, Retry: true}
	case status >= 500, status < 400, status == http.StatusRequestTimeout:
		return retry.Fault{Kind: datastore.ErrUnavailable, Retry: true, Lost: true}
	}
	return retry.Fault{Kind: datastore.ErrUnavailable}
}

func statusOf(err error) int {
	var resp interface{ HTTPStatusCode() int }
	if errors.As(err, &resp) {
		return resp.HTTPStatusCode()
	}
	return 0
}

// outOfTimeBefore reports whether err is the SDK's for a context that ended before
// the request was given to the HTTP client. Errors of later have what is there of
// an answer with them, even if nothing is.
func outOfTimeBefore(err error) bool {
	var operation *smithy.OperationError
	var resp interface{ HTTPStatusCode() int }
	return errors.As(err, &operation) && !errors.As(err, &resp) &&
		(errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled))
}

// cutOff reports whether an answer ended before its end.
func cutOff(err error) bool {
	var op *net.OpError
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &op)
}

func timedOut(err error) bool {
	var t interface{ Timeout() bool }
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &t) && t.Timeout()
}
