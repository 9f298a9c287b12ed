"""What things are called. Invented, apart from the goods themselves, which every corner shop has."""

from __future__ import annotations

from typing import Final

FAMILIES: Final = (
    "Adjei", "Amoah", "Asare", "Boateng", "Das", "Fernandes", "Gupta", "Hegde", "Iyer", "Khan", "Kulkarni", "Mensah", "Naik",
    "Osei", "Owusu", "Patil", "Rao", "Reddy", "Sarpong", "Shetty", "Singh", "Tetteh", "Verma", "Yadav",
)  # fmt: skip
GIVEN: Final = (
    "Abena", "Afia", "Anil", "Asha", "Deepak", "Esi", "Farida", "Ganesh", "Kofi", "Kwame", "Lakshmi", "Manoj", "Meena", "Neela",
    "Prakash", "Ravi", "Sunita", "Yaw",
)  # fmt: skip
SHOPS: Final = ("Stores", "Provisions", "Traders", "Mini Mart", "Kirana", "Enterprise", "Supermarket", "Corner", "Cold Store")
STREETS: Final = ("Market Road", "Station Road", "Temple Street", "Harbour Lane", "Ring Road", "Mill Street", "High Street")

PRODUCTS: Final = (
    # identifier, name, brand, grams a piece, price, pieces a case, band in degrees Celsius or none
    ("cola-330", "Cola 330 ml", "Fizz", 345, "18.00", 24, None),
    ("orange-330", "Orange 330 ml", "Fizz", 345, "18.00", 24, None),
    ("lemon-500", "Lemon 500 ml", "Fizz", 520, "24.00", 12, None),
    ("water-500", "Water 500 ml", "Clear", 515, "9.00", 24, None),
    ("water-1500", "Water 1.5 l", "Clear", 1530, "18.00", 12, None),
    ("juice-1000", "Mango juice 1 l", "Grove", 1080, "62.00", 12, None),
    ("biscuit-80", "Glucose biscuits 80 g", "Crisp", 84, "8.00", 72, None),
    ("cream-120", "Cream biscuits 120 g", "Crisp", 126, "16.00", 48, None),
    ("chips-50", "Potato chips 50 g", "Crisp", 56, "14.00", 60, None),
    ("noodle-70", "Noodles 70 g", "Quick", 76, "11.00", 96, None),
    ("rice-5000", "Rice 5 kg", "Field", 5050, "340.00", 4, None),
    ("flour-1000", "Flour 1 kg", "Field", 1010, "46.00", 10, None),
    ("sugar-1000", "Sugar 1 kg", "Field", 1008, "44.00", 20, None),
    ("salt-1000", "Salt 1 kg", "Field", 1008, "19.00", 25, None),
    ("oil-1000", "Sunflower oil 1 l", "Gold", 930, "128.00", 12, None),
    ("tea-250", "Tea 250 g", "Hill", 262, "105.00", 24, None),
    ("coffee-50", "Coffee 50 g", "Hill", 58, "98.00", 36, None),
    ("soap-100", "Soap 100 g", "Pure", 108, "26.00", 72, None),
    ("powder-500", "Washing powder 500 g", "Pure", 512, "58.00", 24, None),
    ("paste-100", "Toothpaste 100 g", "Pure", 128, "49.00", 48, None),
    ("shampoo-180", "Shampoo 180 ml", "Pure", 205, "112.00", 24, None),
    ("milk-500", "Milk 500 ml", "Meadow", 518, "28.00", 20, (2, 8)),
    ("yoghurt-200", "Yoghurt 200 g", "Meadow", 212, "22.00", 24, (2, 8)),
    ("butter-100", "Butter 100 g", "Meadow", 108, "54.00", 40, (2, 8)),
)
