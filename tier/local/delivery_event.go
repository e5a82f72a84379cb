package local

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filebucket"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filetable"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memoryqueue"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memorystream"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memorytopic"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// storeRegion is the region of the ARNs of stores here: one that AWS knows, since
// programs look for it.
const storeRegion = defaultRegion

func arnOf(service, resource string) string {
	return "arn:aws:" + service + ":" + storeRegion + ":" + accountID + ":" + resource
}

// queueARN is the ARN of a local queue. A FIFO queue has a name as SQS wants it.
func queueARN(name string, fifo bool) string {
	if fifo {
		name += ".fifo"
	}
	return arnOf("sqs", name)
}

func topicARN(name string, fifo bool) string {
	if fifo {
		name += ".fifo"
	}
	return arnOf("sns", name)
}

func streamARN(name string) string { return arnOf("kinesis", "stream/"+name) }

// tableStreamARN is the ARN of the stream of a table, which has the time in it at
// which AWS made it.
func tableStreamARN(name string) string {
	return arnOf("dynamodb", "table/"+name+"/stream/2020-01-01T00:00:00.000")
}

// sqsMessage is a record of an SQS event.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
type sqsMessage struct {
	MessageID         string                  `json:"messageId"`
	ReceiptHandle     string                  `json:"receiptHandle"`
	Body              string                  `json:"body"`
	Attributes        map[string]string       `json:"attributes"`
	MessageAttributes map[string]sqsAttribute `json:"messageAttributes"`
	MD5OfBody         string                  `json:"md5OfBody"`
	EventSource       string                  `json:"eventSource"`
	EventSourceARN    string                  `json:"eventSourceARN"`
	AWSRegion         string                  `json:"awsRegion"`
}

type sqsAttribute struct {
	StringValue      *string  `json:"stringValue,omitempty"`
	BinaryValue      []byte   `json:"binaryValue,omitempty"`
	StringListValues []string `json:"stringListValues"`
	BinaryListValues []string `json:"binaryListValues"`
	DataType         string   `json:"dataType"`
}

// queueEvent is the event of a batch of messages.
func queueEvent(arn string, batch []memoryqueue.Message) ([]byte, error) {
	records := make([]sqsMessage, len(batch))
	for i, m := range batch {
		sum := md5.Sum([]byte(m.Body))
		r := sqsMessage{
			MessageID: m.ID, ReceiptHandle: m.Receipt, Body: m.Body, MD5OfBody: hex.EncodeToString(sum[:]),
			EventSource: "aws:sqs", EventSourceARN: arn, AWSRegion: storeRegion,
			Attributes: map[string]string{
				"ApproximateReceiveCount":          strconv.Itoa(m.Receives),
				"SentTimestamp":                    strconv.FormatInt(m.SentAt.UnixMilli(), 10),
				"SenderId":                         accountID,
				"ApproximateFirstReceiveTimestamp": strconv.FormatInt(m.FirstReceivedAt.UnixMilli(), 10),
			},
			MessageAttributes: map[string]sqsAttribute{},
		}
		for name, value := range map[string]string{"MessageGroupId": m.Group, "MessageDeduplicationId": m.Dedup, "SequenceNumber": m.Sequence} {
			if value != "" {
				r.Attributes[name] = value
			}
		}
		for _, a := range m.Attributes {
			v := sqsAttribute{DataType: string(a.Type), StringListValues: []string{}, BinaryListValues: []string{}}
			if a.Type == datastore.AttributeBinary {
				v.BinaryValue = []byte(a.Value)
			} else {
				v.StringValue = &a.Value
			}
			r.MessageAttributes[a.Name] = v
		}
		records[i] = r
	}
	return json.Marshal(map[string]any{"Records": records})
}

// topicEvent is the event of a message of a topic.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
func topicEvent(arn, subscription string, m memorytopic.Message) ([]byte, error) {
	var notice map[string]any
	if err := json.Unmarshal([]byte(m.Notification(arn)), &notice); err != nil {
		return nil, err
	}
	if _, ok := notice["Subject"]; !ok {
		notice["Subject"] = nil
	}
	if _, ok := notice["MessageAttributes"]; !ok {
		notice["MessageAttributes"] = map[string]any{}
	}
	notice["SignatureVersion"], notice["Signature"] = "1", "unsigned"
	notice["SigningCertUrl"], notice["UnsubscribeUrl"] = "", ""
	return json.Marshal(map[string]any{"Records": []any{map[string]any{
		"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": arn + ":" + subscription, "Sns": notice,
	}}})
}

// kinesisRecord is a record of a Kinesis event.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
type kinesisRecord struct {
	Kinesis struct {
		SchemaVersion  string      `json:"kinesisSchemaVersion"`
		PartitionKey   string      `json:"partitionKey"`
		SequenceNumber string      `json:"sequenceNumber"`
		Data           []byte      `json:"data"`
		ArrivedAt      json.Number `json:"approximateArrivalTimestamp"`
	} `json:"kinesis"`
	EventSource       string `json:"eventSource"`
	EventVersion      string `json:"eventVersion"`
	EventID           string `json:"eventID"`
	EventName         string `json:"eventName"`
	InvokeIdentityARN string `json:"invokeIdentityArn"`
	AWSRegion         string `json:"awsRegion"`
	EventSourceARN    string `json:"eventSourceARN"`
}

// streamRecords are the records of a stream as those of an event.
func streamRecords(arn, function string, batch []memorystream.Record) []kinesisRecord {
	records := make([]kinesisRecord, len(batch))
	for i, m := range batch {
		r := kinesisRecord{
			EventSource: "aws:kinesis", EventVersion: "1.0", EventID: m.Shard + ":" + m.Sequence, EventName: "aws:kinesis:record",
			InvokeIdentityARN: "arn:aws:iam::" + accountID + ":role/" + function, AWSRegion: storeRegion, EventSourceARN: arn,
		}
		r.Kinesis.SchemaVersion, r.Kinesis.PartitionKey, r.Kinesis.SequenceNumber = "1.0", m.Key, m.Sequence
		r.Kinesis.Data, r.Kinesis.ArrivedAt = m.Body, epoch(m.ArrivedAt)
		records[i] = r
	}
	return records
}

// epoch is a time in seconds with three decimals.
func epoch(t time.Time) json.Number {
	ms := t.UnixMilli()
	return json.Number(fmt.Sprintf("%d.%03d", ms/1000, ms%1000))
}

// changeRecord is a record of the stream of a table.
//
// See https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html
type changeRecord struct {
	EventID      string `json:"eventID"`
	EventName    string `json:"eventName"`
	EventVersion string `json:"eventVersion"`
	EventSource  string `json:"eventSource"`
	AWSRegion    string `json:"awsRegion"`
	DynamoDB     struct {
		CreatedAt      int64      `json:"ApproximateCreationDateTime"`
		Keys           table.Item `json:"Keys"`
		NewImage       table.Item `json:"NewImage,omitempty"`
		OldImage       table.Item `json:"OldImage,omitempty"`
		SequenceNumber string     `json:"SequenceNumber"`
		SizeBytes      int        `json:"SizeBytes"`
		StreamViewType string     `json:"StreamViewType"`
	} `json:"dynamodb"`
	UserIdentity   *userIdentity `json:"userIdentity,omitempty"`
	EventSourceARN string        `json:"eventSourceARN"`
}

type userIdentity struct {
	Type        string `json:"type"`
	PrincipalID string `json:"principalId"`
}

// changeJSON is the record of a change, which lacks nothing but its id and its
// sequence number.
func changeJSON(c filetable.Change) ([]byte, error) {
	r := changeRecord{EventVersion: "1.1", EventSource: "aws:dynamodb", AWSRegion: storeRegion, EventSourceARN: tableStreamARN(c.Spec.Logical)}
	item := c.New
	switch {
	case c.Old == nil:
		r.EventName = "INSERT"
	case c.New == nil:
		r.EventName, item = "REMOVE", c.Old
	default:
		r.EventName = "MODIFY"
	}
	if c.Expired {
		r.UserIdentity = &userIdentity{"Service", "dynamodb.amazonaws.com"}
	}
	d := &r.DynamoDB
	d.CreatedAt, d.Keys, d.NewImage, d.OldImage = c.Time.Unix(), c.Spec.KeyOf(item), c.New, c.Old
	d.SizeBytes, d.StreamViewType = d.Keys.Size()+c.New.Size()+c.Old.Size(), "NEW_AND_OLD_IMAGES"
	return json.Marshal(r)
}

// changeRecords are changes as records of an event.
func changeRecords(batch []memorystream.Record) ([]changeRecord, error) {
	records := make([]changeRecord, len(batch))
	for i, m := range batch {
		if err := json.Unmarshal(m.Body, &records[i]); err != nil {
			return nil, err
		}
		sum := md5.Sum([]byte(m.Sequence))
		records[i].EventID, records[i].DynamoDB.SequenceNumber = hex.EncodeToString(sum[:]), m.Sequence
	}
	return records, nil
}

// bucketEvent is the event of an object as EventBridge delivers it, by which the
// template has functions invoked.
//
// See https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
func bucketEvent(e filebucket.Event, sequence uint64, random io.Reader) ([]byte, error) {
	var b [32]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return nil, err
	}
	object := map[string]any{"key": e.Key, "sequencer": fmt.Sprintf("%016X", sequence)}
	detail := map[string]any{
		"version": "0", "bucket": map[string]any{"name": e.Bucket}, "object": object,
		"request-id": strings.ToUpper(hex.EncodeToString(b[16:24])), "requester": accountID, "source-ip-address": "127.0.0.1",
	}
	kind := objectCreated
	if strings.HasPrefix(e.Name, "ObjectRemoved:") {
		kind = objectDeleted
		detail["reason"], detail["deletion-type"] = "DeleteObject", "Permanently Deleted"
	} else {
		object["size"], object["etag"] = e.Size, strings.Trim(e.ETag, `"`)
		_, how, _ := strings.Cut(e.Name, ":")
		detail["reason"] = how + "Object"
	}
	return json.Marshal(map[string]any{
		"version": "0", "id": uuid([16]byte(b[:16])), "detail-type": kind, "source": "aws.s3", "account": accountID,
		"time": e.Time.UTC().Format(time.RFC3339), "region": storeRegion, "resources": []string{"arn:aws:s3:::" + e.Bucket}, "detail": detail,
	})
}

// What EventBridge calls the events of a bucket.
const (
	objectCreated = "Object Created"
	objectDeleted = "Object Deleted"
)
