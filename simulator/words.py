"""The words of which names are made: first and last names, trades, national merchants, handles, cities."""

from __future__ import annotations


def _words(text: str) -> list[str]:
    return text.split()


FIRST = _words(
    "aarav aditi ajay akash alok amit ananya anil anita anjali arjun asha ashok bharat chetan deepa deepak divya "
    "farhan farida gaurav gauri geeta gopal harish hema imran isha jatin jyoti kavita kiran krishna lakshmi lata "
    "madhu mahesh manish meena mohan nandini naveen neha nikhil nisha pooja prakash priya rahul rajesh ravi rekha "
    "rohit sanjay shanti sunil suresh swati tariq uma varun vijay vikram yusuf"
)
LAST = _words(
    "agarwal ahmed ansari banerjee bhat bose chauhan chopra das desai deshmukh dsouza dutta fernandes gandhi garg "
    "ghosh gill goel gowda gupta hegde iyer jadhav jain jha joshi kapoor kaur khan kulkarni kumar mahajan malhotra "
    "mehta menon mishra mukherjee nair naidu pandey patel patil pillai pinto prasad rao rathore reddy roy saxena "
    "sethi shah sharma shetty shukla singh sinha thakur thomas tiwari varma verma yadav"
)
TRADES = _words(
    "agency bakers bazaar bookstall boutique cafe cards caterers chaat cloth corner cycles dairy darshan decor "
    "dhaba digital eatery electric emporium enterprises fashion flowers footwear fruits furnishing garage gifts "
    "grocers hardware hotel icecream jewels juice kirana laundry mart medicals mobiles motors musicals opticals "
    "optics organics paints parlour pharma plastics printers provision repairs sarees snacks sports stationers "
    "stores studio sweets tailors teas tiles tools toys traders"
)
NATIONAL = _words(
    "bharatrecharge swadtable sabkart railsafar chitranet jeevanbima nivesh vidyutpay sheharcabs doorsanchar "
    "karbharo cardchukao khelghar gharkharch dawaghar kitabghar udaan busyatra gasbook paanibill"
)
HANDLES = _words("okaxis okhdfcbank okicici oksbi ybl ibl axl paytm ptyes ptsbi upi sbi hdfcbank icici kotak apl")
PLACES = _words(
    "Mumbai Delhi Bengaluru Hyderabad Ahmedabad Chennai Kolkata Surat Pune Jaipur Lucknow Kanpur Nagpur Indore "
    "Thane Bhopal Visakhapatnam Patna Vadodara Ghaziabad Ludhiana Agra Nashik Faridabad Meerut Rajkot Varanasi "
    "Srinagar Aurangabad Dhanbad Amritsar Ranchi Coimbatore Kochi Guwahati Mysuru Raipur Jodhpur Madurai Chandigarh"
)
