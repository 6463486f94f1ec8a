/** A sentence in the parts between which a talker may pause; a part is spoken in one breath. */
export type Sentence = readonly string[];

/** What is said while detectors are tuned. */
const TUNE: readonly string[] = [
  'Good morning|what brings you to the clinic today',
  'I have had a dry cough|for about two weeks|and it gets worse at night',
  'Do you bring anything up|when you cough',
  'Mostly nothing|but yesterday|there was a little blood',
  'Your temperature is thirty eight point four|and your pulse is ninety six',
  'I would like to listen|to your lungs|from the back',
  'There are crackles|at the base of the left lung',
  'We will take an x ray|and some blood|before you leave',
  'Please take this tablet|twice a day with food|for seven days',
  'If you become short of breath|call us at once',
  'Thank you for calling|my name is Morgan|how may I help you',
  'My invoice from March|is forty pounds higher|than it should be',
  'Let me open your account|may I have the number please',
  'Seven four nine|two two one|zero eight',
  'I can see the charge|it was booked twice by mistake',
  'I have refunded the second one|it takes three to five working days',
  'Is there anything else|that I can do for you',
  'No thank you|that was all|goodbye',
  'The wound is clean|and the stitches can come out on Friday',
  'She is allergic to penicillin|and to shellfish',
  'His blood sugar was high|before breakfast|and normal in the evening',
  'We are experiencing long waiting times|please stay on the line',
  'Could you spell|your last name|for me',
  'The parcel was left|with a neighbour|at number twelve',
];

/** What is said when detectors are judged; none of it is in the other list. */
const TEST: readonly string[] = [
  'Tell me|where exactly does it hurt',
  'Here on the right side|just below the ribs',
  'Does the pain move|to your shoulder or your back',
  'Sometimes|it goes up between the shoulder blades',
  'Have you noticed any fever|or shivering|or yellow eyes',
  'I felt hot on Saturday|but I did not measure it',
  'When did you last eat|something fatty',
  'We had fish and chips|the evening before it started',
  'I am going to press here|breathe in deeply|and hold it',
  'That is a positive sign|for an inflamed gall bladder',
  'An ultrasound will show us|whether there are stones',
  'Until then|nothing to eat|only water',
  'The patient is a fifty six year old woman|with known asthma',
  'She uses two puffs|of her blue inhaler|every morning',
  'Heart sounds are normal|there is no murmur',
  'Both calves are soft|and there is no swelling at the ankles',
  'Start amoxicillin|five hundred milligrams|three times daily',
  'Stop the aspirin|five days before the operation',
  'Review in six weeks|with a fasting glucose|and a lipid profile',
  'Her husband will collect|the prescription this afternoon',
  'You are speaking with Dana|from technical support',
  'My router keeps restarting|every ten minutes or so',
  'Which lights are on|at the front of the box',
  'The first is green|the second flashes red|the others are off',
  'Please unplug it|wait for thirty seconds|and plug it in again',
  'It is starting up|just a moment|now it says connected',
  'I will send an engineer|on Tuesday between nine and eleven',
  'Would you like a text message|half an hour before he arrives',
  'Your reference is|kilo five five|foxtrot nine',
  'I booked a flight to Lisbon|but the date is wrong',
  'Changing it costs sixty euros|shall I go ahead',
  'Yes please|use the card|that ends with three one seven',
  'The hotel offers|a late checkout|at no extra charge',
  'I am sorry to hear that|let me put it right',
  'We close at six|but the website|is open all night',
  'Have a pleasant weekend|and thank you for your patience',
];

/** What the people in the background say. */
const BACKGROUND: readonly string[] = [
  'and then she told me that the train had already left the station an hour before',
  'we should order the blue chairs because the green ones are out of stock until autumn',
  'nobody remembers who moved the boxes from the corridor into the second meeting room',
  'he plays football every Wednesday with people from the office across the street',
  'the soup was good but honestly the bread is what everybody comes here for',
  'if it rains tomorrow the children will stay inside and paint something for grandmother',
  'my brother wants to sell his old car and buy a bicycle with an electric motor',
  'they announced the winner late in the evening when most guests were gone',
];

const cutUp = (lines: readonly string[]): readonly Sentence[] => lines.map((line) => line.split('|'));

/** The sentences of each half; a talk takes all of its own from one. */
export const SENTENCES = { tune: cutUp(TUNE), test: cutUp(TEST) } as const;
export const BACKGROUND_LINES = BACKGROUND;
