package otel

// The names of attributes, as the semantic conventions 1.43 have them.
const (
	keyMethod          = "http.request.method"
	keyRoute           = "http.route"
	keyStatus          = "http.response.status_code"
	keyPath            = "url.path"
	keyScheme          = "url.scheme"
	keyServer          = "server.address"
	keyProtocolVersion = "network.protocol.version"

	keyTrigger         = "faas.trigger"
	keyColdStart       = "faas.coldstart"
	keyInvocation      = "faas.invocation_id"
	keyInvokedName     = "faas.invoked_name"
	keyInvokedProvider = "faas.invoked_provider"
	keyInvokedRegion   = "faas.invoked_region"
	keyInvokedARN      = "aws.lambda.invoked_arn"

	keyMessagingSystem  = "messaging.system"
	keyDestination      = "messaging.destination.name"
	keyMessagingOp      = "messaging.operation.name"
	keyMessagingOpType  = "messaging.operation.type"
	keyMessageID        = "messaging.message.id"
	keyMessageBody      = "messaging.message.body.size"
	keyDBSystem         = "db.system.name"
	keyDBOperation      = "db.operation.name"
	keyDBCollection     = "db.collection.name"
	keyDBStatus         = "db.response.status_code"
	keyRPCSystem        = "rpc.system.name"
	keyRPCMethod        = "rpc.method"
	keyRPCStatus        = "rpc.response.status_code"
	keyPeer             = "service.peer.name"
	keyBucket           = "aws.s3.bucket"
	keyStream           = "aws.kinesis.stream_name"
	keyErrorType        = "error.type"
	keyExceptionType    = "exception.type"
	keyExceptionMessage = "exception.message"
	keyExceptionStack   = "exception.stacktrace"
)

// Names of our own.
const (
	keyStore    = "tierkit.store"        // "table orders"
	keyAttempts = "tierkit.attempts"     // how often an operation that failed was tried
	keyFailed   = "tierkit.failed_items" // how many items of a batch failed
	keyAttempt  = "tierkit.attempt"      // how often a record was delivered
)
