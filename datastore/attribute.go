package datastore

// Attribute is a named value that a message of a queue or a topic carries beside
// its body, for filters and for those who route it without reading it.
//
// See https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html#sqs-message-attributes
type Attribute struct {
	Name string
	Type AttributeType
	// Value is the text itself, a number in decimal, the bytes, or for a
	// StringArray its JSON.
	Value string
}

// AttributeType is the type of an [Attribute], as AWS writes it.
type AttributeType string

// The types of attributes. StringArray is one of topics only: its value is a JSON
// array of strings, numbers, booleans and null.
const (
	AttributeString      AttributeType = "String"
	AttributeNumber      AttributeType = "Number"
	AttributeBinary      AttributeType = "Binary"
	AttributeStringArray AttributeType = "String.Array"
)

// Size is what the attribute counts for of the size of its message, in bytes.
func (a Attribute) Size() int { return len(a.Name) + len(a.Type) + len(a.Value) }
